import { z } from "zod";
import { type DecodeEvent, type DecodeRequest, GrammarRejected, type TokenBackend, type TokenLogprob } from "../backend.ts";
import { readSlotNote, writeSlotNote } from "../upstream/slot-note.ts";
import type { UpstreamClient } from "../upstream/upstream-client.ts";
import { watchPresence } from "../upstream/watch-presence.ts";
import { CompletionChunk, DetokenizeReply, TokenizeReply } from "./api.ts";
import { newSalt } from "./new-salt.ts";
import { plainPieces } from "./plain-pieces.ts";
import { probeVllm, type VllmCapabilities } from "./probe-vllm.ts";
import { toCompletionBody } from "./to-completion-body.ts";
import { createVllmClient, VllmRefused } from "./vllm-client.ts";

const LOOK_EVERY_MS = 5_000;
const LOOK_TIMEOUT_MS = 5_000;

export interface VllmOptions {
  readonly client: UpstreamClient;
  readonly url: string;
  /** Its name for the model; null: the first that it lists. */
  readonly model: string | null;
  /** Turns at once. */
  readonly slots: number;
  readonly silenceMs: number;
  readonly signal: AbortSignal;
  readonly lookEveryMs?: number;
}

export interface VllmBackend extends TokenBackend {
  readonly kind: "vllm";
  readonly capabilities: VllmCapabilities;
}

/** What stands here for a prefix that the engine keeps: the salt under which it can be read. */
const SaltNote = z.strictObject({ fingerprint: z.string(), salt: z.string(), tokens: z.int().positive() });

/**
 * A vLLM as a token backend. It has no slots: it keeps blocks of any prompt for as long as it has room, and reads them again for a
 * prompt that begins alike under the same salt. So a slot is a salt, saving one writes the salt down, and what was read is what vLLM says.
 * Throws where it cannot be reached, or was started without what is needed, and says which flag that is.
 */
export async function connectVllm(options: VllmOptions): Promise<VllmBackend> {
  const { url, slots, signal, lookEveryMs = LOOK_EVERY_MS } = options;
  const vllm = createVllmClient(options.client, options.silenceMs);
  const { modelName, model, capabilities } = await probeVllm(vllm, { url, model: options.model, signal });
  const endTokens = new Set(model.endTokens);
  const held = Array.from({ length: slots }, () => ({ salt: newSalt(), tokens: 0 }));
  const presence = watchPresence({
    name: `vLLM at ${new URL(url).host}`,
    isThere: () =>
      vllm.call("/version", z.unknown(), { signal: AbortSignal.timeout(LOOK_TIMEOUT_MS) }).then(
        () => true,
        (error: unknown) => error instanceof VllmRefused,
      ),
    isAnswer: (failure) => failure instanceof VllmRefused || failure instanceof z.ZodError,
    lookEveryMs,
  });
  const call: typeof vllm.call = async (path, schema, more) => {
    presence.require();
    try {
      return await vllm.call(path, schema, more);
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
    let finish: string | null = null;
    let cachedTokens = 0;
    try {
      const body = toCompletionBody(request, {
        model: modelName,
        salt: state.salt,
        endTokens: model.endTokens,
        contextTokens: model.contextTokens,
      });
      for await (const data of vllm.events("/v1/completions", body, until)) {
        const chunk = CompletionChunk.parse(JSON.parse(data));
        if ("error" in chunk) throw new VllmRefused(500, chunk.error.message);
        cachedTokens = chunk.usage?.prompt_tokens_details?.cached_tokens ?? cachedTokens;
        const [choice] = chunk.choices;
        if (choice === undefined) continue;
        firstMs ??= performance.now();
        finish = choice.finish_reason ?? finish;
        if (maxTokens === 0) continue;
        const ids = choice.token_ids ?? [];
        const isEnd = choice.finish_reason === "stop" && endTokens.has(ids.at(-1) ?? -1);
        const decoded = isEnd ? ids.slice(0, -1) : ids;
        state.tokens += decoded.length;
        if (decoded.length > 0 || choice.text !== "") {
          const logprobs = choice.logprobs?.top_logprobs[0];
          yield {
            type: "tokens",
            tokens: decoded,
            text: choice.text,
            logprobs: logprobs ? toLogprobs(logprobs, request.topLogprobs) : null,
          };
        }
      }
      if (finish === null) throw new Error("the engine's reply broke off");
    } catch (error) {
      if (until.aborted) throw until.reason;
      if (request.grammar !== null && error instanceof VllmRefused && /grammar|ebnf|structured/i.test(error.message)) {
        throw new GrammarRejected(error.message, { cause: error });
      }
      throw await presence.meaningOf(error);
    }
    const nowMs = performance.now();
    // Only now is it known how much was read.
    if (maxTokens === 0) yield { type: "prefill", done: tokens.length, total: tokens.length, cached: cachedTokens };
    yield {
      type: "end",
      reason: finish === "stop" && maxTokens > 0 ? "end-token" : "length",
      cachedTokens,
      prefillMs: (firstMs ?? nowMs) - startMs,
      decodeMs: nowMs - (firstMs ?? nowMs),
    };
  }

  async function tokenize(text: string): Promise<readonly number[]> {
    if (text === "") return [];
    const body = { model: modelName, prompt: text, add_special_tokens: false };
    return (await call("/tokenize", TokenizeReply, { body })).tokens;
  }

  return {
    kind: "vllm",
    model,
    capabilities,
    slots,
    gone: presence.gone,
    decode,
    async tokenize(text, { special }) {
      if (special) return tokenize(text);
      const pieces = plainPieces(text, model.specialTokens.keys());
      return (await Promise.all(pieces.map(tokenize))).flat();
    },
    async detokenize(tokens) {
      if (tokens.length === 0) return "";
      return (await call("/detokenize", DetokenizeReply, { body: { model: modelName, tokens } })).prompt;
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
      options.client.close();
    },
  };
}

/** What a grammar forbids has the logarithm of nothing, cut to this. */
const FORBIDDEN_LOGPROB = -9_999;

/** `{"token_id:42": -0.3}`, where the sampled token may be one more than was asked for. */
function toLogprobs(told: Readonly<Record<string, number>>, count: number): readonly TokenLogprob[] {
  return Object.entries(told)
    .filter(([, logprob]) => logprob > FORBIDDEN_LOGPROB)
    .map(([key, logprob]) => ({ token: Number(key.replace(/^token_id:/, "")), logprob }))
    .toSorted((a, b) => b.logprob - a.logprob)
    .slice(0, count);
}
