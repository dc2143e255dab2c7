import type { StreamPart } from "../endpoints/define-endpoint.ts";

export type EventPart = Extract<StreamPart, { readonly event: string }>;

/** Events one by one, also of what was framed before; comments are left out. */
export async function* eventsOf(parts: AsyncIterable<StreamPart>): AsyncGenerator<EventPart, void, void> {
  for await (const part of parts) {
    if ("frames" in part) yield* framedEvents(part.frames);
    else if ("event" in part) yield part;
  }
}

/** An event's data as a value, also where it comes as text. */
export function dataOf(part: EventPart): object {
  return "json" in part ? (JSON.parse(part.json) as object) : part.data;
}

function* framedEvents(text: string): Generator<EventPart, void, void> {
  for (const frame of text.split("\n\n")) {
    const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(frame) ?? [];
    if (event !== undefined && data !== undefined) yield { event, json: data };
  }
}

/** A stream that was framed before and kept. */
export async function* framed(frames: string): AsyncGenerator<StreamPart, void, void> {
  yield { frames };
}
