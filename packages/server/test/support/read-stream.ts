import { ErrorEnvelope } from "@parley/wire";
import type { RunningParley } from "./start-parley.ts";

/** What a client saw of one streamed message. */
export interface SeenStream {
  readonly requestId: string | null;
  readonly messageId: string | null;
  readonly text: string;
  /** `broken`: the connection ended before the stream did. `refused`: no stream at all. */
  readonly end: "message_stop" | "error" | "broken" | "refused";
  readonly error: ErrorEnvelope | null;
}

export interface StreamProgress {
  onDelta(text: string): void;
}

/** Streams a message without an SDK, which would hide how the connection ended. */
export async function streamMessage(
  parley: Pick<RunningParley, "url" | "apiKey">,
  body: object,
  progress: StreamProgress = { onDelta() {} },
): Promise<SeenStream> {
  const seen = {
    requestId: null as string | null,
    messageId: null as string | null,
    text: "",
    error: null as ErrorEnvelope | null,
  };
  let end: SeenStream["end"] = "broken";
  try {
    const response = await fetch(`${parley.url}/v1/messages`, {
      method: "POST",
      headers: { "content-type": "application/json", "anthropic-version": "2023-06-01", "x-api-key": parley.apiKey },
      body: JSON.stringify({ ...body, stream: true }),
    });
    seen.requestId = response.headers.get("request-id");
    if (!response.ok) return { ...seen, error: ErrorEnvelope.parse(await response.json()), end: "refused" };
    let rest = "";
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const frames = (rest + chunk).split("\n\n");
      rest = frames.pop() ?? "";
      for (const frame of frames) {
        const data = /^data: (.*)$/m.exec(frame)?.[1];
        if (data === undefined) continue;
        const event = JSON.parse(data) as { type: string; message?: { id: string }; delta?: { text?: string } };
        if (event.type === "message_start") seen.messageId = event.message?.id ?? null;
        if (event.type === "message_stop") end = "message_stop";
        if (event.type === "error") {
          end = "error";
          seen.error = ErrorEnvelope.parse(event);
        }
        if (event.delta?.text !== undefined) {
          seen.text += event.delta.text;
          progress.onDelta(event.delta.text);
        }
      }
    }
  } catch {
    // The connection broke: what was seen up to here stands.
  }
  return { ...seen, end };
}
