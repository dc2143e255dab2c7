import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { GrammarRejected, type BackendModel, type DecodeEvent, type DecodeRequest, type TokenBackend } from "../backend.ts";
import { CompletionChunk, DetokenizeReply, EndTokensReply, SlotsReply, TokenizeReply, type TokenChunk } from "./api.ts";
import { traceHeader } from "../upstream/trace-header.ts";
import { EngineRefused, type EngineSocket } from "./engine-socket.ts";
import { watchGrammar, type WatchdogOptions } from "./grammar-watchdog.ts";
import { asRefusal } from "./create-vision.ts";
import { recoverTokens } from "./recover-tokens.ts";
import { toCompletionBody } from "./to-completion-body.ts";
import { type PicturedPrompt, toPicturedPrompt } from "./to-pictured-prompt.ts";

const IDLE_POLL_MS = 5;

/** A running llama-server, wherever it runs. */
export interface RunningEngine {
  readonly socket: EngineSocket;
  readonly model: BackendModel;
  readonly watchdog: WatchdogOptions;
  /** A grammar holds the engine, which does not come back by itself. */
  readonly onStuck: () => void;
  /** What a failed call means: that the engine is gone, or the failure itself. */
  readonly meaningOf: (failure: unknown) => Promise<unknown>;
  /** See `PropsReply`; null where the model sees nothing. */
  readonly marker?: string | null;
}

export interface LlamaDecoder extends Pick<TokenBackend, "decode" | "tokenize" | "detokenize" | "clearSlot"> {
  /** Waits until the engine has left the slot, as an action on a busy slot may be forgotten. */
  readonly settle: (slot: number) => Promise<void>;
  readonly erase: (slot: number) => Promise<unknown>;
}

/** What is the same of every llama-server: tokens in and out, and slots. */
export function createLlamaDecoder({ socket, model, watchdog, onStuck, meaningOf, marker = null }: RunningEngine): LlamaDecoder {
  const call: EngineSocket["call"] = async (path, schema, callOptions) => {
    try {
      return await socket.call(path, schema, callOptions);
    } catch (error) {
      throw await meaningOf(error);
    }
  };
  const endTokens = new Set(model.endTokens);

  /** Slots whose last decode was cut off: the server may still be busy with it. */
  const unsettled = new Set<number>();
  /** A slot action that arrives at a busy slot can be forgotten by the server's queue, so it waits here instead. */
  const settle = async (slot: number): Promise<void> => {
    while (unsettled.has(slot)) {
      const states = await call("/slots", SlotsReply);
      if (states.some((state) => state.id === slot && !state.is_processing)) unsettled.delete(slot);
      else await sleep(IDLE_POLL_MS);
    }
  };

  const erase = (slot: number) => call(`/slots/${slot}?action=erase`, z.unknown(), { body: {} });

  async function detokenize(tokens: readonly number[]): Promise<string> {
    return (await call("/detokenize", DetokenizeReply, { body: { tokens } })).content;
  }

  async function toPrompt(request: DecodeRequest): Promise<readonly number[] | PicturedPrompt> {
    if (marker === null) return request.tokens;
    const bos = model.addBos ? model.bosToken : null;
    return (await toPicturedPrompt(request, { marker, bos, detokenize })) ?? request.tokens;
  }

  async function* decode(request: DecodeRequest, signal: AbortSignal): AsyncGenerator<DecodeEvent, void, void> {
    signal.throwIfAborted();
    const { slot, tokens, maxTokens } = request;
    if (tokens.length === 0 || tokens.length >= model.contextTokens) {
      throw new RangeError(`${tokens.length} tokens for a slot of ${model.contextTokens}`);
    }
    const grammar = maxTokens === 0 ? null : request.grammar;
    // llama.cpp aborts the whole process on this prefix when it was built without that library.
    if (grammar?.startsWith("%llguidance")) throw new GrammarRejected("llguidance grammars are not supported");

    let stuck = false;
    // An engine that cannot be ended from here is at least no longer waited for.
    const cut = new AbortController();
    using guard =
      grammar === null
        ? null
        : watchGrammar(socket, watchdog, () => {
            stuck = true;
            onStuck();
            cut.abort();
          });
    const until = grammar === null ? signal : AbortSignal.any([signal, cut.signal]);
    let decoded = 0;
    /** An end token, unless something follows it after all. */
    let held: TokenChunk | null = null;
    let ended = false;

    const toEvent = async (chunk: TokenChunk): Promise<Extract<DecodeEvent, { type: "tokens" }>> => {
      const last = chunk.tokens.at(-1);
      const count = chunk.tokens_predicted - decoded;
      decoded = chunk.tokens_predicted;
      return {
        type: "tokens",
        tokens: count === 1 && last !== undefined ? [last] : await recoverTokens(socket, chunk.content, last, count, until),
        text: chunk.content,
        logprobs: chunk.completion_probabilities?.[0]?.top_logprobs.map(({ id, logprob }) => ({ token: id, logprob })) ?? null,
      };
    };

    const prompt = await toPrompt(request);
    unsettled.add(slot);
    try {
      const asked = { body: toCompletionBody(request, prompt), headers: traceHeader(request) };
      for await (const data of socket.events("/completion", asked, until)) {
        guard?.heard();
        const chunk = CompletionChunk.parse(JSON.parse(data));
        if ("error" in chunk) throw new EngineRefused(500, chunk.error.message);
        if ("prompt_progress" in chunk) {
          const { total, cache, processed } = chunk.prompt_progress;
          yield { type: "prefill", done: processed, total, cached: cache };
        } else if ("timings" in chunk) {
          const isEnd = chunk.stop_type === "eos";
          if (held && (!isEnd || held.tokens_predicted - decoded > 1)) yield await toEvent(isEnd ? withoutEnd(held) : held);
          ended = true;
          unsettled.delete(slot);
          const { cache_n, prompt_ms, predicted_ms } = chunk.timings;
          yield {
            type: "end",
            reason: isEnd ? "end-token" : "length",
            cachedTokens: cache_n,
            prefillMs: prompt_ms,
            decodeMs: predicted_ms,
          };
        } else if (maxTokens > 0) {
          if (held) yield await toEvent(held);
          held = endTokens.has(chunk.tokens.at(-1) ?? -1) ? chunk : null;
          if (!held) yield await toEvent(chunk);
        }
      }
      if (!ended) throw new Error("the engine's reply broke off");
    } catch (error) {
      if (ended) throw error;
      if (signal.aborted) throw signal.reason;
      if (stuck) throw new GrammarRejected("the engine did not come back from the grammar in time", { cause: error });
      if (grammar !== null && error instanceof EngineRefused && error.status === 400 && /grammar|samplers/i.test(error.message)) {
        throw new GrammarRejected(error.message, { cause: error });
      }
      throw asRefusal(await meaningOf(error));
    }
  }

  /** Text of a character that the end token left unfinished, without the end token itself. */
  const withoutEnd = (chunk: TokenChunk): TokenChunk => {
    const end = chunk.tokens.at(-1);
    const spelling = model.specialTokens.entries().find(([, id]) => id === end)?.[0] ?? "";
    const content = chunk.content.endsWith(spelling)
      ? chunk.content.slice(0, chunk.content.length - spelling.length)
      : chunk.content;
    return { ...chunk, content, tokens: [], tokens_predicted: chunk.tokens_predicted - 1 };
  };

  return {
    decode,
    settle,
    erase,
    async tokenize(text, { special }) {
      const body = { content: text, add_special: false, parse_special: special };
      return (await call("/tokenize", TokenizeReply, { body })).tokens;
    },
    detokenize,
    async clearSlot(slot) {
      await settle(slot);
      await erase(slot);
    },
  };
}

/**
 * The engine's own list of tokens that end a generation: it knows spellings that no metadata names. `ignore_eos` bans
 * them, and the bans are told with the reply. Decodes one token in slot 0, which the first prompt would pay for anyway.
 */
export async function askEndTokens(call: EngineSocket["call"]): Promise<readonly number[]> {
  const body = {
    prompt: [0],
    id_slot: 0,
    n_predict: 0,
    ignore_eos: true,
    cache_prompt: false,
    samplers: ["top_k"],
    top_k: 1,
    response_fields: ["generation_settings/logit_bias"],
  };
  const reply = await call("/completion", EndTokensReply, { body });
  await call("/slots/0?action=erase", z.unknown(), { body: {} });
  return reply["generation_settings/logit_bias"].map(({ token }) => token);
}
