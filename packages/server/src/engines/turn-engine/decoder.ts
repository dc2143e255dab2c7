import type { SamplerOptions, TokenBackend } from "../backend.ts";
import type { SlotLease } from "./cache/slot-scheduler.ts";
import { type PromptTokens, toPictured } from "./prompt-tokens.ts";
import { OutputLog } from "./output-log.ts";

/** Why a decode stopped by itself. "room": the reply has used up the tokens that it may have. */
export type DecodeEnd = "end-token" | "room";

export interface DecodePhase {
  readonly grammar: string | null;
  readonly sampler: SamplerOptions;
  /** Fewer tokens than the reply has room for, e.g. a thinking budget. */
  readonly maxTokens?: number;
}

/** Decodes one reply in phases on one slot: each phase goes on where the kept output of the last one ends. */
export class Decoder {
  readonly log = new OutputLog();
  /** Prompt tokens that the first phase did not recompute; null before it. */
  cachedTokens: number | null = null;
  prefillMs = 0;
  decodeMs = 0;

  readonly #backend: TokenBackend;
  readonly #lease: SlotLease;
  #prompt: PromptTokens;
  readonly #roomTokens: number;
  readonly #monotonicMs: () => number;
  readonly #onTokens: (count: number) => void;
  readonly #signal: AbortSignal;
  #reusePrefix: boolean;

  constructor(options: {
    readonly backend: TokenBackend;
    readonly lease: SlotLease;
    readonly prompt: PromptTokens;
    readonly roomTokens: number;
    readonly reusePrefix: boolean;
    readonly monotonicMs: () => number;
    /** Told of every token as it is decoded. */
    readonly onTokens?: (count: number) => void;
    readonly signal: AbortSignal;
  }) {
    this.#backend = options.backend;
    this.#lease = options.lease;
    this.#prompt = options.prompt;
    this.#roomTokens = options.roomTokens;
    this.#reusePrefix = options.reusePrefix;
    this.#monotonicMs = options.monotonicMs;
    this.#onTokens = options.onTokens ?? (() => {});
    this.#signal = options.signal;
  }

  get remainingTokens(): number {
    return this.#roomTokens - this.log.tokens.length;
  }

  /** The prompt and the kept output. */
  get tokens(): readonly number[] {
    return [...this.#prompt.tokens, ...this.log.tokens];
  }

  /** Goes on behind another prompt, from which the kept output then follows. */
  changePrompt(prompt: PromptTokens): void {
    this.#prompt = prompt;
  }

  /** Writes text of ours into the reply, e.g. a thinking tag; `tokens` where they are known. */
  async inject(text: string, tokens?: readonly number[]): Promise<void> {
    this.log.append(tokens ?? (await this.#backend.tokenize(text, { special: true })), text);
  }

  /** Yields text as it is decoded; leaving it stops the engine. Everything yielded is in the log. */
  async *decode(phase: DecodePhase): AsyncGenerator<string | PrefillProgress, DecodeEnd, void> {
    const maxTokens = Math.min(this.remainingTokens, phase.maxTokens ?? Infinity);
    if (maxTokens <= 0) return "room";
    const startMs = this.#monotonicMs();
    let firstTokenMs: number | null = null;
    /** Tokens that the slot is known to hold; null until the engine has begun with it. */
    let resident: number | null = null;
    const decode = this.#backend.decode(
      {
        slot: this.#lease.slot,
        tokens: this.tokens,
        ...toPictured(this.#prompt),
        reusePrefix: this.#reusePrefix,
        maxTokens,
        sampler: phase.sampler,
        grammar: phase.grammar,
        topLogprobs: 0,
      },
      this.#signal,
    );
    try {
      for await (const event of decode) {
        switch (event.type) {
          case "prefill":
            this.cachedTokens ??= event.cached;
            resident = event.done;
            yield { done: event.done, total: event.total };
            break;
          case "tokens":
            firstTokenMs ??= this.#monotonicMs();
            this.log.append(event.tokens, event.text);
            this.#onTokens(event.tokens.length);
            resident = Infinity;
            yield event.text;
            break;
          case "end":
            this.cachedTokens ??= event.cachedTokens;
            resident = Infinity;
            return event.reason === "end-token" ? "end-token" : "room";
          default:
            event satisfies never;
        }
      }
      throw new Error("a decode ended without its end event");
    } finally {
      const nowMs = this.#monotonicMs();
      this.prefillMs += (firstTokenMs ?? nowMs) - startMs;
      this.decodeMs += firstTokenMs === null ? 0 : nowMs - firstTokenMs;
      // Before that (a grammar that was refused) the slot may still hold what another workspace left.
      if (resident !== null) {
        this.#reusePrefix = true;
        this.#lease.setResident(this.tokens.slice(0, resident));
      }
    }
  }
}

export interface PrefillProgress {
  readonly done: number;
  readonly total: number;
}
