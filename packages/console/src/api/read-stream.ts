import { StreamEvent } from "@parley/wire";
import { ApiError } from "./api-error.ts";
import { text } from "./text.ts";

type MessageStreamEvent = Exclude<StreamEvent, { type: "error" }>;

/** The events of a Messages stream as they come. Throws `ApiError` for its `error` event and for a cut connection. */
export async function* readStream(reply: Response): AsyncGenerator<MessageStreamEvent> {
  if (!reply.body) return;
  const requestId = reply.headers.get("request-id");
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffered = "";
  let isComplete = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      buffered += value;
      const frames = buffered.split("\n\n");
      buffered = frames.pop() ?? "";
      for (const frame of frames) {
        const event = parseFrame(frame);
        if (event === null) continue;
        if (event.type === "error") {
          throw new ApiError(event.error.message, {
            status: 200,
            type: event.error.type,
            requestId: event.request_id ?? requestId,
          });
        }
        isComplete ||= event.type === "message_stop";
        yield event;
      }
    }
  } finally {
    // Left early, the connection is closed, which stops the engine.
    await reader.cancel().catch(() => undefined);
  }
  if (!isComplete) throw new ApiError(text.streamCut, { status: 0, type: "connection_error", requestId });
}

/** Null for comments and for events that this page does not know. */
function parseFrame(frame: string): StreamEvent | null {
  const data = frame
    .split("\n")
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice(5).trimStart())
    .join("\n");
  if (data === "") return null;
  let json: unknown;
  try {
    json = JSON.parse(data);
  } catch {
    return null;
  }
  const parsed = StreamEvent.safeParse(json);
  return parsed.success ? parsed.data : null;
}
