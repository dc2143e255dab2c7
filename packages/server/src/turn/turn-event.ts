import type { Citation } from "./citation.ts";
import type { McpToolListingBlock, ProgramCaller, ServerToolName, ServerToolResultBlock, ToolsetName } from "@parley/wire";
import type { ContainerReference } from "./turn.ts";

/** What a running turn reports. Replies turn these into one JSON message or into SSE events. */

/** Token counts. `inputTokens + cacheReadTokens + cacheWrite5mTokens + cacheWrite1hTokens` is the whole prompt. */
export interface Usage {
  /** Prompt tokens neither read from nor written to the cache. */
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWrite5mTokens: number;
  readonly cacheWrite1hTokens: number;
  readonly outputTokens: number;
  /** Part of `outputTokens`. */
  readonly thinkingTokens: number;
  /** Calls that the server answered with more than an error; absent where it had no tools. */
  readonly serverToolUse?: { readonly webSearchRequests: number; readonly webFetchRequests: number };
}

export type StopReason =
  | "end_turn"
  | "max_tokens"
  | "stop_sequence"
  | "tool_use"
  /** The server's own tools have been called as often as one reply may; the client sends the turn again to go on. */
  | "pause_turn"
  /** The conversation was summarized, and the client asked to be told before the model goes on. */
  | "compaction"
  /** The reply could not be made to satisfy the schema that it promised; `refusal` says why. */
  | "refusal"
  | "model_context_window_exceeded";

/** Milliseconds spent; `Server-Timing`, the ledger and the spans read it. */
export interface Timings {
  readonly renderMs: number;
  readonly queueMs: number;
  /** Restoring a cached prefix into a slot. */
  readonly restoreMs: number;
  readonly prefillMs: number;
  readonly decodeMs: number;
}

export type CacheMissReason =
  | {
      readonly type: "model_changed" | "system_changed" | "tools_changed" | "messages_changed";
      readonly missedInputTokens: number;
    }
  | { readonly type: "previous_message_not_found" }
  | { readonly type: "unavailable" };

/** A call that a program made, and not the model. Whole: no deltas follow. */
export interface CallByProgram {
  readonly caller: ProgramCaller;
  readonly input: Readonly<Record<string, unknown>>;
}

export type BlockStart =
  /** `cited`: citations follow. */
  | { readonly type: "text"; readonly cited?: boolean }
  | { readonly type: "thinking" }
  | {
      readonly type: "tool_use";
      readonly id: string;
      readonly name: string;
      readonly byProgram?: CallByProgram;
      readonly toolsetName?: ToolsetName;
    }
  | { readonly type: "server_tool_use"; readonly id: string; readonly name: ServerToolName; readonly byProgram?: CallByProgram }
  | { readonly type: "mcp_tool_use"; readonly id: string; readonly name: string; readonly serverName: string }
  /** Whole: no deltas follow. */
  | { readonly type: "mcp_tool_listing"; readonly block: McpToolListingBlock }
  | { readonly type: "server_tool_result"; readonly block: ServerToolResultBlock }
  /** Whole where `content` is there: no delta follows. */
  | { readonly type: "compaction"; readonly content?: string };

/** One of the prompts that a turn was computed in. The reply's own counters leave out a `compaction`. */
export interface Iteration {
  readonly type: "compaction" | "message";
  readonly usage: Usage;
}

/** One event of a Messages server, passed on as it came. */
export interface WireEvent {
  readonly name: string;
  readonly json: string;
}

/** Who answered, where that is not what was asked for. */
export interface Fallback {
  /** Pool or weights. */
  readonly to: string;
}

export type TurnEvent =
  /** Once, first: the prompt is rendered, counted and accepted; nothing is decoded yet. */
  | {
      readonly type: "start";
      readonly usage: Usage;
      /** Those that have ended, where a compaction comes first. */
      readonly iterations?: readonly Iteration[];
      /** What the end will say of the cache, where it is known already: only here can a stream still carry it. */
      readonly cacheMissReason?: CacheMissReason | null;
      readonly fallback?: Fallback;
      /** The upstream's own id of the message. */
      readonly messageId?: string;
      /** Stands in place of our own `message_start`. */
      readonly wire?: WireEvent;
    }
  /** What came together goes on together. */
  | { readonly type: "wire"; readonly events: readonly WireEvent[]; readonly outputTokens?: number }
  /**
   * The model goes on, after a call that the server answered or a summary. `usage`: all that the turn has used so far, its next
   * prompt included. `spent`: without it, where the reply may also pause here.
   */
  | { readonly type: "step"; readonly usage: Usage; readonly spent?: Usage }
  /** The turn fails after calls that the server answered: what of them is billed. */
  | { readonly type: "tools-used"; readonly serverToolUse: NonNullable<Usage["serverToolUse"]> }
  /** While waiting and prefilling; a reason to ping. */
  | { readonly type: "progress"; readonly phase: "queue" | "prefill"; readonly done: number; readonly total: number }
  | { readonly type: "block-start"; readonly index: number; readonly block: BlockStart }
  /** `outputTokens` of the deltas: all decoded so far, thinking included; a turn that is cut short is accounted by it. */
  | { readonly type: "text-delta"; readonly index: number; readonly text: string; readonly outputTokens?: number }
  | { readonly type: "citation"; readonly index: number; readonly citation: Citation }
  | { readonly type: "thinking-delta"; readonly index: number; readonly thinking: string; readonly outputTokens?: number }
  | { readonly type: "signature-delta"; readonly index: number; readonly signature: string }
  | { readonly type: "input-json-delta"; readonly index: number; readonly partialJson: string; readonly outputTokens?: number }
  /** The whole summary; null: none could be made. */
  | { readonly type: "compaction-delta"; readonly index: number; readonly content: string | null }
  /** Absent for a tool call that `max_tokens` cut. */
  | { readonly type: "block-stop"; readonly index: number }
  /** Once, last. */
  | {
      readonly type: "end";
      readonly stopReason: StopReason;
      readonly stopSequence: string | null;
      /** `stop_details.explanation` of a refusal. */
      readonly refusal: string | null;
      /** Of all iterations. */
      readonly usage: Usage;
      /** Absent for a turn of one kind of them. */
      readonly iterations?: readonly Iteration[];
      readonly timings: Timings;
      readonly cacheMissReason: CacheMissReason | null;
      /** Stand in place of our own last events. */
      readonly wire?: readonly WireEvent[];
      /** JSON of the whole message, of an upstream that was asked for no stream. */
      readonly message?: string;
      /** Where code of the turn ran. */
      readonly container?: ContainerReference;
    };
