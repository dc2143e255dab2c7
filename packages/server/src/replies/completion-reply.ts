import type { Completion } from "@parley/wire";
import type { TurnEvent } from "../turn/turn-event.ts";

export interface CompletionContext {
  /** `compl_…`. */
  readonly completionId: string;
  readonly model: string;
  readonly requestId: string;
}

/** The whole reply of the legacy endpoint. */
export function toCompletion(events: readonly TurnEvent[], context: CompletionContext): Completion {
  const end = events.at(-1);
  if (end?.type !== "end") throw new Error("a turn's last event is its end");
  const text = events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
  return { ...frame(text, context), ...toLegacyStop(end) };
}

/** The legacy stream: each event carries the text since the last one; the final one is empty and says why it stopped. */
export function toCompletionEvent(event: TurnEvent, context: CompletionContext): Completion | null {
  if (event.type === "text-delta") return frame(event.text, context);
  if (event.type === "end") return { ...frame("", context), ...toLegacyStop(event) };
  return null;
}

function frame(completion: string, context: CompletionContext): Completion {
  return {
    type: "completion",
    id: context.completionId,
    completion,
    stop_reason: null,
    stop: null,
    log_id: context.requestId,
    model: context.model,
  };
}

/** The end of the assistant's turn was a stop sequence then (`\n\nHuman:`). */
function toLegacyStop(end: Extract<TurnEvent, { type: "end" }>): Pick<Completion, "stop_reason" | "stop"> {
  const cut = end.stopReason === "max_tokens" || end.stopReason === "model_context_window_exceeded";
  return cut
    ? { stop_reason: "max_tokens", stop: null }
    : { stop_reason: "stop_sequence", stop: end.stopSequence ?? "\n\nHuman:" };
}
