import { createHash, randomBytes } from "node:crypto";
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import {
  BackendGone,
  type DecodeEvent,
  type DecodeRequest,
  GrammarRejected,
  type TokenBackend,
  type TokenLogprob,
} from "../backend.ts";
import type { UpstreamClient } from "../upstream/upstream-client.ts";
import { CompletionChunk, DetokenizeReply, TokenizeReply } from "./api.ts";
import { plainPieces } from "./plain-pieces.ts";
import { probeVllm, type VllmCapabilities } from "./probe-vllm.ts";
import { toCompletionBody } from "./to-completion-body.ts";
import { createVllmClient, VllmRefused } from "./vllm-client.ts";

const LOOK_EVERY_MS = 5_000;
const LOOK_TIMEOUT_MS = 5_000;
/** So many looks in a row that find nobody. */
const MISSES_MAX = 2;

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
const Saved = z.strictObject({ fingerprint: z.string(), salt: z.string(), tokens: z.int().positive(), seal: z.string() });

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
  const closing = new AbortController();
  const goneHow = Promise.withResolvers<void>();
  let isGone = false;
  const held = Array.from({ length: slots }, () => ({ salt: newSalt(), tokens: 0 }));

  const leave = (): void => {
    isGone = true;
    closing.abort();
    goneHow.resolve();
  };
  const isThere = (): Promise<boolean> =>
    vllm.call("/version", z.unknown(), { signal: AbortSignal.timeout(LOOK_TIMEOUT_MS) }).then(
      () => true,
      (error: unknown) => error instanceof VllmRefused,
    );
  const meaningOf = async (failure: unknown): Promise<unknown> => {
    if (failure instanceof VllmRefused || failure instanceof z.ZodError || failure instanceof GrammarRejected) return failure;
    if (!isGone && (await isThere())) return failure;
    leave();
    return new BackendGone(`vLLM at ${new URL(url).host} is gone`, { cause: failure });
  };
  const call: typeof vllm.call = async (path, schema, more) => {
    if (isGone) throw new BackendGone(`vLLM at ${new URL(url).host} is gone`);
    try {
      return await vllm.call(path, schema, more);
    } catch (error) {
      throw await meaningOf(error);
    }
  };
  void watch();

  async function watch(): Promise<void> {
    for (let misses = 0; misses < MISSES_MAX;) {
      await sleep(lookEveryMs, undefined, { signal: closing.signal, ref: false }).catch(() => {});
      if (isGone) return;
      misses = (await isThere()) ? 0 : misses + 1;
    }
    leave();
  }

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
    if (isGone) throw new BackendGone(`vLLM at ${new URL(url).host} is gone`);
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
      throw await meaningOf(error);
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
    gone: goneHow.promise,
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
      const saved = { fingerprint: model.fingerprint, salt, tokens };
      const partial = `${file}.partial`;
      try {
        await writeFile(partial, JSON.stringify({ ...saved, seal: sealOf(saved) }), { mode: 0o600 });
        await rename(partial, file);
      } catch (error) {
        await rm(partial, { force: true });
        throw error;
      }
      return { tokens, bytes: (await stat(file)).size };
    },
    async restoreSlot(slot, file) {
      const text = await readFile(file, "utf8").catch(() => "");
      const read = Saved.safeParse(parseJson(text));
      if (!read.success || read.data.fingerprint !== model.fingerprint || read.data.seal !== sealOf(read.data)) return false;
      Object.assign(slotOf(slot), { salt: read.data.salt, tokens: read.data.tokens });
      return true;
    },
    async clearSlot(slot) {
      Object.assign(slotOf(slot), { salt: newSalt(), tokens: 0 });
    },
    async close() {
      leave();
      options.client.close();
    },
  };
}

function newSalt(): string {
  return randomBytes(32).toString("base64url");
}

function sealOf({ fingerprint, salt, tokens }: Pick<z.infer<typeof Saved>, "fingerprint" | "salt" | "tokens">): string {
  return createHash("sha256")
    .update(JSON.stringify([fingerprint, salt, tokens]))
    .digest("hex");
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
