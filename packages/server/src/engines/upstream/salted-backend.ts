import { z } from "zod";
import { type DecodeEvent, type DecodeRequest, GrammarRejected, type TokenBackend, type TokenLogprob } from "../backend.ts";
import { UpstreamRefused } from "./json-client.ts";
import { newSalt } from "./new-salt.ts";
import { plainPieces } from "./plain-pieces.ts";
import { readSlotNote, writeSlotNote } from "./slot-note.ts";
import { watchPresence } from "./watch-presence.ts";

const LOOK_EVERY_MS = 5_000;
const LOOK_TIMEOUT_MS = 5_000;

/** What an engine has said with one event of its stream. */
export interface DecodedPiece {
  /** Without the token that ended it. */
  readonly tokens: readonly number[];
  readonly text: string;
  /** Of each token, where they were asked for. */
  readonly logprobs: readonly (readonly TokenLogprob[])[] | null;
  readonly finish: Extract<DecodeEvent, { type: "end" }>["reason"] | null;
  /** What of the prompt it read from its cache; null: it does not say here. */
  readonly cachedTokens: number | null;
}

/** An engine that keeps what it has computed for whoever shows the same salt, and reads the spelling of a special token as that token. */
export interface SaltedEngine {
  stream(request: DecodeRequest, salt: string, until: AbortSignal): AsyncIterable<DecodedPiece>;
  tokenize(text: string): Promise<readonly number[]>;
  detokenize(tokens: readonly number[]): Promise<string>;
  /** Resolves where the engine is there still, and is the one that we connected to. */
  look(signal: AbortSignal): Promise<boolean>;
  close(): void;
}

export interface SaltedBackendOptions<Kind extends TokenBackend["kind"]> {
  readonly kind: Kind;
  /** For messages: `vLLM at host:port`. */
  readonly name: string;
  readonly model: TokenBackend["model"];
  /** Turns at once. */
  readonly slots: number;
  readonly engine: SaltedEngine;
  readonly lookEveryMs?: number | undefined;
}

/** What stands here for a prefix that the engine keeps: the salt under which it can be read. */
const SaltNote = z.strictObject({ fingerprint: z.string(), salt: z.string(), tokens: z.int().positive() });

/**
 * An engine without slots as a token backend: it keeps parts of any prompt for as long as it has room, and reads them again for a prompt
 * that begins alike under the same salt. So a slot is a salt, saving one writes the salt down, and what was read is what the engine says.
 */
export function createSaltedBackend<Kind extends TokenBackend["kind"]>(
  options: SaltedBackendOptions<Kind>,
): TokenBackend & { readonly kind: Kind } {
  const { kind, name, model, slots, engine, lookEveryMs = LOOK_EVERY_MS } = options;
  const held = Array.from({ length: slots }, () => ({ salt: newSalt(), tokens: 0 }));
  const presence = watchPresence({
    name,
    isThere: () => engine.look(AbortSignal.timeout(LOOK_TIMEOUT_MS)).catch((error: unknown) => error instanceof UpstreamRefused),
    isAnswer: (failure) => failure instanceof UpstreamRefused || failure instanceof z.ZodError,
    lookEveryMs,
  });
  const ask = async <T>(call: () => Promise<T>): Promise<T> => {
    presence.require();
    try {
      return await call();
    } catch (error) {
      throw await presence.meaningOf(error);
    }
  };

  const slotOf = (slot: number): { salt: string; tokens: number } => {
    const found = held[slot];
    if (found === undefined) throw new RangeError(`there is no slot ${slot}`);
    return found;
  };

  async function* decode(request: DecodeRequest, until: AbortSignal): AsyncGenerator<DecodeEvent, void, void> {
    until.throwIfAborted();
    const { slot, tokens, maxTokens } = request;
    if (tokens.length === 0 || tokens.length >= model.contextTokens) {
      throw new RangeError(`${tokens.length} tokens for a context of ${model.contextTokens}`);
    }
    presence.require();
    const state = slotOf(slot);
    if (!request.reusePrefix) state.salt = newSalt();
    state.tokens = tokens.length;
    const startMs = performance.now();
    let firstMs: number | null = null;
    let finish: DecodedPiece["finish"] = null;
    let cachedTokens = 0;
    try {
      for await (const piece of engine.stream(request, state.salt, until)) {
        cachedTokens = piece.cachedTokens ?? cachedTokens;
        firstMs ??= performance.now();
        finish = piece.finish ?? finish;
        if (maxTokens === 0) continue;
        state.tokens += piece.tokens.length;
        if (piece.tokens.length > 0 || piece.text !== "") yield* toEvents(piece);
      }
      if (finish === null) throw new Error("the engine's reply broke off");
    } catch (error) {
      if (until.aborted) throw until.reason;
      if (request.grammar !== null && error instanceof UpstreamRefused && /grammar|ebnf|structured/i.test(error.message)) {
        throw new GrammarRejected(error.message, { cause: error });
      }
      throw await presence.meaningOf(error);
    }
    const nowMs = performance.now();
    // Only now is it known how much was read.
    if (maxTokens === 0) yield { type: "prefill", done: tokens.length, total: tokens.length, cached: cachedTokens };
    yield {
      type: "end",
      reason: maxTokens === 0 ? "length" : finish,
      cachedTokens,
      prefillMs: (firstMs ?? nowMs) - startMs,
      decodeMs: nowMs - (firstMs ?? nowMs),
    };
  }

  const tokenize = (text: string): Promise<readonly number[]> =>
    text === "" ? Promise.resolve([]) : ask(() => engine.tokenize(text));

  return {
    kind,
    model,
    slots,
    gone: presence.gone,
    decode,
    async tokenize(text, { special }) {
      if (special) return tokenize(text);
      const pieces = plainPieces(text, model.specialTokens.keys());
      return (await Promise.all(pieces.map(tokenize))).flat();
    },
    async detokenize(tokens) {
      return tokens.length === 0 ? "" : ask(() => engine.detokenize(tokens));
    },
    async saveSlot(slot, file) {
      const { salt, tokens } = slotOf(slot);
      return { tokens, bytes: await writeSlotNote(file, { fingerprint: model.fingerprint, salt, tokens }) };
    },
    async restoreSlot(slot, file) {
      const note = await readSlotNote(file, SaltNote, model.fingerprint);
      if (note === null) return false;
      Object.assign(slotOf(slot), { salt: note.salt, tokens: note.tokens });
      return true;
    },
    async clearSlot(slot) {
      Object.assign(slotOf(slot), { salt: newSalt(), tokens: 0 });
    },
    async close() {
      presence.leave();
      engine.close();
    },
  };
}

/** A busy engine tells several tokens at once: each has alternatives of its own, and the text comes with the last. */
function* toEvents({ tokens, text, logprobs }: DecodedPiece): Generator<Extract<DecodeEvent, { type: "tokens" }>, void, void> {
  const first = logprobs === null || tokens.length <= 1 ? [] : tokens.slice(0, -1);
  for (const [index, token] of first.entries())
    yield { type: "tokens", tokens: [token], text: "", logprobs: logprobs?.[index] ?? null };
  yield { type: "tokens", tokens: tokens.slice(first.length), text, logprobs: logprobs?.[first.length] ?? null };
}
