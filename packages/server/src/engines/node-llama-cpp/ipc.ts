/**
 * The messages between Parley and the child that holds a model: plain data over node's IPC pipe ("advanced"
 * serialization). The child is ours and of the same build, so nothing is validated on either side.
 */
import type { DecodeEvent, SamplerOptions } from "../backend.ts";

export type Gpu = "auto" | "cuda" | "vulkan" | "metal" | false;

export interface LoadOptions {
  readonly file: string;
  readonly slots: number;
  readonly contextTokens: number;
  readonly threads: number;
  /** Most tokens computed in one step: the granularity of cancelling a long prompt. Null: what suits the device. */
  readonly batchTokens: number | null;
  readonly gpu: Gpu;
  /** Whether the end of a sequence can be cut off without recomputing. */
  readonly canTruncate: boolean;
  /** The ids among which the child looks for end tokens. */
  readonly specialTokens: readonly number[];
}

/** A decode as it travels: `DecodeRequest` with compact tokens. */
export interface DecodeCommand {
  readonly slot: number;
  readonly tokens: Uint32Array;
  readonly reusePrefix: boolean;
  readonly maxTokens: number;
  readonly sampler: SamplerOptions;
  readonly grammar: string | null;
  readonly topLogprobs: number;
}

/** Work that has one answer. */
export type Command =
  | { readonly type: "tokenize"; readonly text: string; readonly special: boolean }
  | { readonly type: "detokenize"; readonly tokens: Uint32Array }
  | { readonly type: "save"; readonly slot: number; readonly file: string }
  | { readonly type: "restore"; readonly slot: number; readonly file: string }
  | { readonly type: "clear"; readonly slot: number };

export type CommandResult<Type extends Command["type"]> = {
  tokenize: Uint32Array;
  detokenize: string;
  save: { tokens: number; bytes: number };
  restore: boolean;
  clear: null;
}[Type];

export type ParentMessage =
  | { readonly type: "load"; readonly options: LoadOptions }
  | { readonly type: "command"; readonly call: number; readonly command: Command }
  | { readonly type: "decode"; readonly call: number; readonly decode: DecodeCommand }
  /** The call gets no further event; its slot is free again for what is sent after this. */
  | { readonly type: "cancel"; readonly call: number };

export type CallFailure = {
  readonly kind: "error" | "grammar-rejected";
  readonly message: string;
};

export type ChildMessage =
  | { readonly type: "load-progress"; readonly fraction: number }
  | { readonly type: "ready"; readonly endTokens: readonly number[]; readonly gpu: string | false }
  | { readonly type: "load-failed"; readonly message: string }
  /** One message a step for all streams: a message costs about 30 µs whatever it carries. */
  | { readonly type: "events"; readonly events: readonly (readonly [call: number, event: DecodeEvent])[] }
  /** Compiling runs on the child's main thread, so only the parent can see it hang. */
  | { readonly type: "grammar"; readonly call: number; readonly state: "compiling" | "compiled" }
  | { readonly type: "result"; readonly call: number; readonly value: CommandResult<Command["type"]> }
  | { readonly type: "failed"; readonly call: number; readonly failure: CallFailure };
