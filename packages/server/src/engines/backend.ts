import type { Picture } from "../turn/turn.ts";

/**
 * The token backend: the one interface between Parley and anything that decodes tokens. It knows no messages, tools,
 * thinking or text stop sequences; those live above it, in turn-engine/. A backend serves one loaded model with a fixed
 * number of slots. A slot is a KV sequence; its caller owns it alone while it uses it.
 * See docs/decisions/2026-11-21-token-backend.md.
 */

export interface BackendModel {
  /** Names the exact weights and the KV layout: a snapshot made under another fingerprint must not be restored. */
  readonly fingerprint: string;
  /** Tokens that one slot can hold. */
  readonly contextTokens: number;
  /** The model's own Jinja chat template, from the GGUF; null if it has none. */
  readonly chatTemplate: string | null;
  readonly architecture: string;
  readonly bosToken: string | null;
  readonly eosToken: string | null;
  /** Whether the model wants BOS in front when the template does not write it itself. */
  readonly addBos: boolean;
  /** Tokens that end a generation (end of turn, end of text). */
  readonly endTokens: readonly number[];
  /** Spelling of every control and user-defined token, with its id: text that spells one must be able to stay text. */
  readonly specialTokens: ReadonlyMap<string, number>;
  /** Whether the end of a sequence can be cut off without recomputing (false for recurrent and SWA layouts). */
  readonly canTruncate: boolean;
}

export interface SamplerOptions {
  /** 0 is greedy. */
  readonly temperature: number;
  /** 1 is off. */
  readonly topP: number;
  /** 0 is off. */
  readonly topK: number;
  readonly seed?: number;
}

/** So many leading tokens of a prompt, and the text that an engine reads as exactly these; or the picture that they stand for. */
export type PromptPart =
  | { readonly tokens: number; readonly text: string }
  | { readonly tokens: number; readonly picture: Picture };

/** What shows pictures to a model. */
export interface BackendVision {
  /** Tokens that a picture takes in a prompt, with what the model wants around it. Throws `PictureRefused`. */
  countTokens(picture: Picture): Promise<number>;
}

export interface DecodeRequest {
  readonly slot: number;
  /** The whole sequence, at least one token. Those below 0 stand for pictures. */
  readonly tokens: readonly number[];
  /** Present where `tokens` hold a picture: what they begin with. What follows is output, and has none. */
  readonly pictured?: readonly PromptPart[];
  /** Reuse the longest prefix of `tokens` that is resident in the slot. False: drop what is there first. */
  readonly reusePrefix: boolean;
  /** 0: compute the prompt into the slot, then end. Afterwards the slot holds exactly `tokens` and can be saved. */
  readonly maxTokens: number;
  readonly sampler: SamplerOptions;
  /** GBNF with a `root` rule, from the first decoded token on. When it is complete the decode ends with "end-token". */
  readonly grammar: string | null;
  /** 0: none. Else each token event carries that many alternatives by probability, before sampling, and before the grammar where the engine can. */
  readonly topLogprobs: number;
  /** Of the span that asks, as a W3C `traceparent` header: an engine elsewhere is told. */
  readonly traceparent?: string;
}

export interface TokenLogprob {
  readonly token: number;
  /** Natural logarithm of the probability in the whole vocabulary. */
  readonly logprob: number;
}

export type DecodeEvent =
  /** Between batches of a long prompt. `cached`: tokens reused from the slot. */
  | { readonly type: "prefill"; readonly done: number; readonly total: number; readonly cached: number }
  /** One or more decoded tokens. `text` is whole UTF-8: bytes of an unfinished character come with a later event.
   *  Special tokens are spelled out in `text`; end tokens are never reported here. */
  | {
      readonly type: "tokens";
      readonly tokens: readonly number[];
      readonly text: string;
      readonly logprobs: readonly TokenLogprob[] | null;
    }
  | {
      readonly type: "end";
      readonly reason: "end-token" | "length";
      /** Prompt tokens that were not recomputed. */
      readonly cachedTokens: number;
      readonly prefillMs: number;
      readonly decodeMs: number;
    };

/** The backend process is gone; every call under way rejects with this, and the supervisor starts another. */
export class BackendGone extends Error {
  override readonly name = "BackendGone";
}

/** The grammar could not be compiled (or not in time). The caller relaxes it and validates afterwards. */
export class GrammarRejected extends Error {
  override readonly name = "GrammarRejected";
}

/** The engine cannot read a picture: a broken file, or of a kind that it does not know. The message is for the client. */
export class PictureRefused extends Error {
  override readonly name = "PictureRefused";
}

export interface TokenBackend {
  readonly kind: "node-llama-cpp" | "llama-server" | "vllm" | "sglang";
  readonly model: BackendModel;
  readonly slots: number;
  /** Absent where the model sees nothing. */
  readonly vision?: BackendVision;
  /** `special: true` reads spellings of special tokens as those tokens; false keeps them text. Adds no BOS. */
  tokenize(text: string, options: { readonly special: boolean }): Promise<readonly number[]>;
  detokenize(tokens: readonly number[]): Promise<string>;
  /**
   * Decodes. Ends after the "end" event; throws `BackendGone`, `GrammarRejected` or the signal's reason. Leaving the
   * generator early (return, or the signal) stops the engine within one token, and the slot keeps what it has computed.
   */
  decode(request: DecodeRequest, signal: AbortSignal): AsyncGenerator<DecodeEvent, void, void>;
  /** Writes the slot's tokens and KV state to `file`. */
  saveSlot(slot: number, file: string): Promise<{ readonly tokens: number; readonly bytes: number }>;
  /** Replaces the slot's content by a saved one; false when the file does not fit this model. */
  restoreSlot(slot: number, file: string): Promise<boolean>;
  clearSlot(slot: number): Promise<void>;
  /** Resolves when the process has ended, however it ended. */
  readonly gone: Promise<void>;
  close(): Promise<void>;
}
