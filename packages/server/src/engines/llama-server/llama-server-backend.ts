import { open, rename, rm, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { BackendGone, GrammarRejected, type DecodeEvent, type DecodeRequest, type TokenBackend } from "../backend.ts";
import { fitSnapshot } from "../gguf/fit-snapshot.ts";
import type { GgufFacts } from "../gguf/gguf-facts.ts";
import { toBackendModel } from "../gguf/to-backend-model.ts";
import {
  CompletionChunk,
  DetokenizeReply,
  EndTokensReply,
  PropsReply,
  RestoreReply,
  SaveReply,
  SlotsReply,
  TokenizeReply,
  type TokenChunk,
} from "./api.ts";
import { startEngineProcess } from "./engine-process.ts";
import { createEngineSocket, EngineRefused, type EngineSocket } from "./engine-socket.ts";
import { watchGrammar, type WatchdogOptions } from "./grammar-watchdog.ts";
import { recoverTokens } from "./recover-tokens.ts";
import { createEngineFolder } from "./run-folder.ts";
import { type SnapshotSeal, readIntactSnapshot, sealSnapshot } from "./snapshot-file.ts";
import { toCompletionBody } from "./to-completion-body.ts";

/** Prompt tokens computed in one step: how long an abort and the other slots wait. 512 is no faster on a CPU. */
const BATCH_TOKENS = 256;
/** Host copies of recurrent and sliding-window state per slot; the server's default of 32 is not in anybody's memory plan. */
const CHECKPOINTS_PER_SLOT = 4;
/** A socket breaks a moment before the process is reaped. */
const DEATH_NOTICE_MS = 2000;
const IDLE_POLL_MS = 5;
const WATCHDOG: WatchdogOptions = { silenceMs: 2000, probeMs: 3000 };

export interface LlamaServerOptions {
  readonly binary: string;
  readonly file: string;
  readonly facts: GgufFacts;
  readonly slots: number;
  readonly contextTokens: number;
  readonly threads: number;
  /** "auto": every layer that fits goes to a GPU. */
  readonly gpu: "auto" | "off";
  /** Folder that remembers running engines, for `endOrphanedEngines`. */
  readonly runFolder: string;
  readonly signal: AbortSignal;
  readonly onLoadProgress?: (fraction: number) => void;
  readonly onLogLine?: (line: string) => void;
  readonly watchdog?: WatchdogOptions;
}

export interface LlamaServerBackend extends TokenBackend {
  readonly kind: "llama-server";
  readonly pid: number;
  /** Resolves when the process has ended, with how: for the log. */
  readonly obituary: Promise<string>;
}

/** Starts llama-server with one model. Throws when it cannot be started or the signal's reason. Not for Windows. */
export async function startLlamaServer(options: LlamaServerOptions): Promise<LlamaServerBackend> {
  const { binary, file, slots, contextTokens, threads, runFolder, signal } = options;
  const watchdog = options.watchdog ?? WATCHDOG;
  const folder = await createEngineFolder(runFolder);
  const engine = await startEngineProcess({
    binary,
    folder,
    signal,
    args: [
      "--model",
      file,
      "--host",
      folder.socket,
      "--slot-save-path",
      folder.snapshots,
      "--ctx-size",
      String(contextTokens * slots),
      "--parallel",
      String(slots),
      "--no-kv-unified",
      "--batch-size",
      String(BATCH_TOKENS),
      "--ubatch-size",
      String(BATCH_TOKENS),
      "--threads",
      String(threads),
      ...(options.gpu === "off" ? ["--device", "none"] : []),
      "--ctx-checkpoints",
      String(CHECKPOINTS_PER_SLOT),
      "--cache-ram",
      "0",
      "--no-cache-idle-slots",
      // Spelled-out special tokens, and nothing that Parley does itself.
      "--special",
      "--no-jinja",
      "--no-ui",
      "--no-context-shift",
      "--no-warmup",
      "--offline",
    ],
    onLoadProgress: options.onLoadProgress ?? (() => {}),
    onLogLine: options.onLogLine ?? (() => {}),
  }).catch(async (error: unknown) => {
    await folder.remove();
    throw error;
  });
  const socket = createEngineSocket(folder.socket);
  let isGone = false;
  const gone = engine.gone.then(async () => {
    isGone = true;
    await folder.remove();
  });

  /** What a failed call means: the process is gone, or the failure itself. */
  const meaningOf = async (failure: unknown): Promise<unknown> => {
    if (failure instanceof EngineRefused || failure instanceof z.ZodError) return failure;
    await Promise.race([gone, sleep(DEATH_NOTICE_MS, undefined, { ref: false })]);
    return isGone ? new BackendGone(`llama-server ${engine.pid} is gone: ${await engine.gone}`, { cause: failure }) : failure;
  };
  const call: typeof socket.call = async (path, schema, callOptions) => {
    try {
      return await socket.call(path, schema, callOptions);
    } catch (error) {
      throw await meaningOf(error);
    }
  };

  const props = await call("/props", PropsReply);
  if (props.total_slots !== slots) throw new Error(`llama-server made ${props.total_slots} slots instead of ${slots}`);
  const model = toBackendModel(options.facts, {
    kind: "llama-server",
    slots,
    contextTokens: props.default_generation_settings.n_ctx,
    endTokens: await askEndTokens(call),
  });
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

  let links = 0;
  /** Lets the server write to or read from `target` by a name inside its own folder. */
  const withLink = async <T>(target: string, use: (name: string) => Promise<T>): Promise<T> => {
    const name = `${links++}.kv`;
    const link = join(folder.snapshots, name);
    await symlink(resolve(target), link);
    try {
      return await use(name);
    } finally {
      await rm(link, { force: true });
    }
  };
  const erase = (slot: number) => call(`/slots/${slot}?action=erase`, z.unknown(), { body: {} });

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
    using guard =
      grammar === null
        ? null
        : watchGrammar(socket, watchdog, () => {
            stuck = true;
            engine.end();
          });
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
        tokens: count === 1 && last !== undefined ? [last] : await recoverTokens(socket, chunk.content, last, count, signal),
        text: chunk.content,
        logprobs: chunk.completion_probabilities?.[0]?.top_logprobs.map(({ id, logprob }) => ({ token: id, logprob })) ?? null,
      };
    };

    unsettled.add(slot);
    try {
      for await (const data of socket.events("/completion", toCompletionBody(request), signal)) {
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
      throw await meaningOf(error);
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

  /** A snapshot that was made with another number of slots is written anew for this one, under a seal of its own. */
  const fitToSlots = async (source: string, { payloadBytes, tokens }: SnapshotSeal): Promise<void> => {
    const fitted = await fitSnapshot(source, payloadBytes, slots);
    if (fitted === null) return;
    await sealSnapshot(fitted, { fingerprint: model.fingerprint, tokens });
    await rename(fitted, source);
  };

  return {
    kind: "llama-server",
    pid: engine.pid,
    obituary: engine.gone,
    model,
    slots,
    gone,
    decode,
    async tokenize(text, { special }) {
      const body = { content: text, add_special: false, parse_special: special };
      return (await call("/tokenize", TokenizeReply, { body })).tokens;
    },
    async detokenize(tokens) {
      return (await call("/detokenize", DetokenizeReply, { body: { tokens } })).content;
    },
    async saveSlot(slot, target) {
      await settle(slot);
      const partial = `${target}.partial`;
      try {
        // Made by us first: the server would let everybody read it.
        await (await open(partial, "w", 0o600)).close();
        const saved = await withLink(partial, (filename) =>
          call(`/slots/${slot}?action=save`, SaveReply, { body: { filename } }),
        );
        const bytes = await sealSnapshot(partial, { fingerprint: model.fingerprint, tokens: saved.n_saved });
        await rename(partial, target);
        return { tokens: saved.n_saved, bytes };
      } catch (error) {
        await rm(partial, { force: true });
        throw error;
      }
    },
    async restoreSlot(slot, source) {
      const seal = await readIntactSnapshot(source, model.fingerprint);
      if (!seal) return false;
      if (model.canTruncate) await fitToSlots(source, seal);
      await settle(slot);
      try {
        const restored = await withLink(source, (filename) =>
          call(`/slots/${slot}?action=restore`, RestoreReply, { body: { filename } }),
        );
        if (restored.n_restored === seal.tokens) return true;
        await erase(slot);
        return false;
      } catch (error) {
        if (error instanceof EngineRefused) return false;
        throw error;
      }
    },
    async clearSlot(slot) {
      await settle(slot);
      await erase(slot);
    },
    async close() {
      engine.end();
      await gone;
    },
  };
}

/**
 * The engine's own list of tokens that end a generation: it knows spellings that no metadata names. `ignore_eos` bans
 * them, and the bans are told with the reply. Decodes one token in slot 0, which the first prompt would pay for anyway.
 */
async function askEndTokens(call: EngineSocket["call"]): Promise<readonly number[]> {
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
