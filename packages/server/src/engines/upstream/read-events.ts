import { StringDecoder } from "node:string_decoder";
import { upstreamFailure } from "./upstream-failure.ts";

export interface ServerSentEvent {
  /** Empty where the server names none. */
  readonly name: string;
  readonly data: string;
}

const EVENT_MAX_CHARACTERS = 16 * 1024 * 1024;

/** The events of a server-sent stream, as its bytes come. What stands after the last blank line is no event. */
export async function* readEvents(body: AsyncIterable<Buffer>): AsyncGenerator<ServerSentEvent, void, void> {
  for await (const events of readEventBatches(body)) yield* events;
}

/** The same, what came in one piece together: each hand-over of an event costs as much as reading it. */
export async function* readEventBatches(body: AsyncIterable<Buffer>): AsyncGenerator<readonly ServerSentEvent[], void, void> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  let name = "";
  let data: string | null = null;
  for await (const part of body) {
    rest += decoder.write(part);
    const events: ServerSentEvent[] = [];
    let from = 0;
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n", from)) {
      const line = rest.slice(from, rest[end - 1] === "\r" ? end - 1 : end);
      from = end + 1;
      if (line === "") {
        if (data !== null) events.push({ name, data });
        name = "";
        data = null;
      } else if (line.startsWith("data:")) {
        const text = line.slice(line[5] === " " ? 6 : 5);
        data = data === null ? text : `${data}\n${text}`;
      } else if (line.startsWith("event:")) name = line.slice(line[6] === " " ? 7 : 6);
    }
    if (events.length > 0) yield events;
    rest = rest.slice(from);
    if (rest.length + (data?.length ?? 0) > EVENT_MAX_CHARACTERS) throw upstreamFailure("broken", "an event without an end");
  }
}
