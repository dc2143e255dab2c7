import type { Clock } from "../../platform/clock.ts";
import type { StopReason, TurnEvent } from "../../turn/turn-event.ts";
import type { ToolSpec, Turn } from "../../turn/turn.ts";
import type { SamplerOptions, TokenBackend } from "../backend.ts";
import type { BlockWriter } from "./block-writer.ts";
import type { Citer } from "./citations/create-citer.ts";
import type { Decoder } from "./decoder.ts";
import type { PromptTokens } from "./prompt-tokens.ts";
import type { ToolSyntax } from "./syntax/tool-syntax.ts";
import type { ToolGate } from "./tool-decision/tool-gate.ts";

/** Where a model's own reply was not taken as it stood. */
export type Mending =
  | "grammar-rejected"
  | "call-resampled"
  | "call-refused"
  | "call-declined"
  | "call-repeated"
  | "calls-as-list"
  | "call-to-unknown-tool";

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
  /** Weak models call tools that do not fit: how a call is judged before it is made. Null where the weights need none. */
  readonly gate: {
    readonly weights: ToolGate;
    /** See `ToolFit.ask`. */
    fit(tools: readonly ToolSpec[], request: string): Promise<readonly number[] | null>;
  } | null;
  /** The turn's prompt with a note of ours behind its last user message; null where it would leave the reply no room. */
  readonly renderWithNote: (note: string) => Promise<PromptTokens | null>;
  /** Null where the turn has nothing to cite. */
  readonly citer: Citer | null;
  readonly signThinking: (workspaceId: string, thinking: string) => string;
  readonly newToolUseId: () => string;
  /** Called where a reply had to be mended, for metrics and logs: no content. */
  readonly note: (what: Mending) => void;
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
