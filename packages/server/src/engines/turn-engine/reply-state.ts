import type { Clock } from "../../platform/clock.ts";
import type { StopReason, TurnEvent } from "../../turn/turn-event.ts";
import type { Turn } from "../../turn/turn.ts";
import type { SamplerOptions, TokenBackend } from "../backend.ts";
import type { BlockWriter } from "./block-writer.ts";
import type { Decoder } from "./decoder.ts";
import type { ToolSyntax } from "./syntax/tool-syntax.ts";

/** What the phases of one reply share. */
export interface ReplyState {
  readonly turn: Turn;
  readonly backend: TokenBackend;
  readonly syntax: ToolSyntax;
  readonly decoder: Decoder;
  readonly writer: BlockWriter;
  /** For free text. */
  readonly sampler: SamplerOptions;
  readonly endsAtWindow: boolean;
  /** Text that the prompt's end already holds of the reply (a prefill). */
  readonly prefilled: boolean;
  readonly clock: Clock;
  readonly signThinking: (workspaceId: string, thinking: string) => string;
  readonly newToolUseId: () => string;
  /** Called where a reply had to be mended, for metrics and logs: no content. */
  readonly note: (what: "grammar-rejected" | "call-resampled" | "call-refused") => void;
}

/** How a reply ended. */
export interface ReplyEnding {
  readonly stopReason: StopReason;
  readonly stopSequence: string | null;
  readonly refusal: string | null;
  /** The log's tokens are exactly what the content was made of, so a later turn may replay them. */
  readonly replayable: boolean;
}

export type ReplyEvents = AsyncGenerator<TurnEvent, ReplyEnding, void>;

/** The ending of a reply that has used up its tokens. */
export function outOfRoom(state: Pick<ReplyState, "endsAtWindow">): ReplyEnding {
  const stopReason = state.endsAtWindow ? "model_context_window_exceeded" : "max_tokens";
  return { stopReason, stopSequence: null, refusal: null, replayable: true };
}

export function ending(stopReason: StopReason, details: Partial<ReplyEnding> = {}): ReplyEnding {
  return { stopReason, stopSequence: null, refusal: null, replayable: true, ...details };
}
