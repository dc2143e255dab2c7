import { createHash } from "node:crypto";
import { z } from "zod";
import { BackendGone, type BackendModel, type TokenBackend } from "../backend.ts";
import { readSlotNote, writeSlotNote } from "../upstream/slot-note.ts";
import { watchPresence } from "../upstream/watch-presence.ts";
import { RemoteModelsReply, RemotePropsReply, RestoreReply, SaveReply, TokenizeReply } from "./api.ts";
import { createEngineSocket, EngineRefused, type EngineSocket, type RemoteAddress } from "./engine-socket.ts";
import type { WatchdogOptions } from "./grammar-watchdog.ts";
import { askEndTokens, createLlamaDecoder } from "./llama-decoder.ts";
import { readSpecialTokens } from "./read-vocabulary.ts";
import { createRemoteNames, RemoteNameNote } from "./remote-names.ts";

/** A network is slower than a socket. */
const WATCHDOG: WatchdogOptions = { silenceMs: 10_000, probeMs: 10_000 };
const LOOK_EVERY_MS = 2_000;
const LOOK_WITHIN_MS = 5_000;

export interface RemoteLlamaServerOptions extends RemoteAddress {
  readonly signal: AbortSignal;
  readonly watchdog?: WatchdogOptions;
  readonly lookEveryMs?: number;
  readonly lookWithinMs?: number;
}

/**
 * A llama-server that runs elsewhere, as a token backend. It belongs to one Parley alone, whose slots its slots are. Throws where it
 * cannot be reached, or was started without what is needed, and says which flag that is.
 */
export async function connectLlamaServer(options: RemoteLlamaServerOptions): Promise<TokenBackend> {
  const { url, apiKey, silenceMs, signal, watchdog = WATCHDOG } = options;
  const { lookEveryMs = LOOK_EVERY_MS, lookWithinMs = LOOK_WITHIN_MS } = options;
  const socket = createEngineSocket({ url, apiKey, silenceMs });
  const props = await socket.call("/props", RemotePropsReply, { signal });
  const identity = identityOf(props);
  const model = await readModel((path, schema, more) => socket.call(path, schema, { signal, ...more }), props);
  const names = createRemoteNames();
  const name = `llama-server at ${new URL(url).host}`;
  const presence = watchPresence({
    name,
    async isThere() {
      try {
        const now = await socket.call("/props", RemotePropsReply, { signal: AbortSignal.timeout(lookWithinMs) });
        return identityOf(now) === identity;
      } catch (error) {
        return error instanceof EngineRefused && error.status !== 503;
      }
    },
    isAnswer: (failure) => failure instanceof EngineRefused || failure instanceof z.ZodError,
    lookEveryMs,
  });
  const decoder = createLlamaDecoder({
    socket,
    model,
    watchdog,
    onStuck() {},
    meaningOf: (failure) => presence.meaningOf(failure),
  });
  // What it has under way hears nothing of it by itself.
  const lost = new AbortController();
  void presence.gone.then(() => lost.abort(new BackendGone(`${name} is gone`)));
  const act = async <T>(slot: number, action: "save" | "restore", schema: z.ZodType<T>, filename: string): Promise<T> => {
    await decoder.settle(slot);
    try {
      return await socket.call(`/slots/${slot}?action=${action}`, schema, { body: { filename } });
    } catch (error) {
      throw await presence.meaningOf(error);
    }
  };

  return {
    kind: "llama-server",
    model,
    slots: props.total_slots,
    gone: presence.gone,
    decode: (request, until) => decoder.decode(request, AbortSignal.any([until, lost.signal])),
    tokenize: decoder.tokenize,
    detokenize: decoder.detokenize,
    clearSlot: decoder.clearSlot,
    async saveSlot(slot, file) {
      const remoteName = await names.take();
      const { n_saved: tokens } = await act(slot, "save", SaveReply, remoteName);
      const bytes = await writeSlotNote(file, { fingerprint: model.fingerprint, name: remoteName, tokens });
      names.keep(remoteName, file);
      return { tokens, bytes };
    },
    async restoreSlot(slot, file) {
      const snapshot = await readSlotNote(file, RemoteNameNote, model.fingerprint);
      if (snapshot === null) return false;
      try {
        const { n_restored: restored } = await act(slot, "restore", RestoreReply, snapshot.name);
        if (restored === snapshot.tokens) return true;
        await decoder.erase(slot);
        return false;
      } catch (error) {
        // Its machine has removed the file.
        if (error instanceof EngineRefused) return false;
        throw error;
      }
    },
    async close() {
      presence.leave();
    },
  };
}

type Props = z.infer<typeof RemotePropsReply>;

function identityOf({
  model_path: path,
  chat_template: template,
  total_slots: slots,
  default_generation_settings: { n_ctx },
}: Props): string {
  return JSON.stringify([path, template, slots, n_ctx]);
}

async function readModel(call: EngineSocket["call"], props: Props): Promise<BackendModel> {
  const { data } = await call("/v1/models", RemoteModelsReply);
  const meta = data[0]?.meta;
  if (!meta) throw new Error("this server is no llama-server: its list of models does not say how large the vocabulary is");
  const firstToken = async (more: object): Promise<number | undefined> =>
    (await call("/tokenize", TokenizeReply, { body: { content: "a", ...more } })).tokens[0];

  await requireSlotActions(call);
  const specialTokens = await readSpecialTokens(call, meta.n_vocab);
  await requireSpelledTokens(call, specialTokens);
  const endTokens = await askEndTokens(call);
  const canTruncate = await probeTruncation(call);
  const about = createHash("sha256").update(JSON.stringify([identityOf(props), meta]));
  return {
    fingerprint: `${about.digest("hex").slice(0, 32)}-remote`,
    contextTokens: props.default_generation_settings.n_ctx,
    chatTemplate: props.chat_template === "" ? null : props.chat_template,
    // Not told; the family is seen by the template.
    architecture: "",
    bosToken: props.bos_token === "" ? null : props.bos_token,
    eosToken: props.eos_token === "" ? null : props.eos_token,
    addBos: (await firstToken({ add_special: true })) !== (await firstToken({ add_special: false })),
    endTokens,
    specialTokens,
    canTruncate,
  };
}

const Spelled = z.object({ content: z.string() });

/** Without `--special` an engine leaves out of its text what syntax is made of. */
async function requireSpelledTokens(call: EngineSocket["call"], specialTokens: ReadonlyMap<string, number>): Promise<void> {
  const [spelling, id] = specialTokens.entries().find(([text]) => /start|header|INST|user/i.test(text)) ?? [];
  if (spelling === undefined || id === undefined) return;
  const body = {
    prompt: [id],
    id_slot: 0,
    n_predict: 1,
    cache_prompt: false,
    samplers: ["top_k"],
    top_k: 1,
    logit_bias: [[id, 1_000]],
  };
  const { content } = await call("/completion", Spelled, { body });
  if (content === "") throw new Error("start this llama-server with --special: it leaves special tokens out of its text");
}

async function requireSlotActions(call: EngineSocket["call"]): Promise<void> {
  try {
    await call("/slots/0?action=erase", z.unknown(), { body: {} });
  } catch (error) {
    if (!(error instanceof EngineRefused) || !/slot-save-path/.test(error.message)) throw error;
    throw new Error("start this llama-server with --slot-save-path FOLDER: without it no prefix can be kept", { cause: error });
  }
}

const Timed = z.object({ timings: z.object({ cache_n: z.int() }) });

/** Whether the end of a sequence can be cut off: a prompt that differs after its fifth token keeps five where it can. */
async function probeTruncation(call: EngineSocket["call"]): Promise<boolean> {
  const ask = async (prompt: readonly number[]): Promise<number> => {
    const body = { prompt, id_slot: 0, n_predict: 1, cache_prompt: true, samplers: ["top_k"], top_k: 1 };
    return (await call("/completion", Timed, { body })).timings.cache_n;
  };
  await ask([10, 11, 12, 13, 14, 15, 16, 17]);
  const kept = await ask([10, 11, 12, 13, 14, 25, 26, 27]);
  await call("/slots/0?action=erase", z.unknown(), { body: {} });
  return kept === 5;
}
