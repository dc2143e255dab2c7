import { open, rename, rm, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { BackendGone, type TokenBackend } from "../backend.ts";
import { fitSnapshot } from "../gguf/fit-snapshot.ts";
import type { GgufFacts } from "../gguf/gguf-facts.ts";
import { toBackendModel } from "../gguf/to-backend-model.ts";
import { PropsReply, RestoreReply, SaveReply } from "./api.ts";
import { startEngineProcess } from "./engine-process.ts";
import { COUNTING_TEMPLATE, createVision } from "./create-vision.ts";
import { createEngineSocket, EngineRefused } from "./engine-socket.ts";
import type { WatchdogOptions } from "./grammar-watchdog.ts";
import { askEndTokens, createLlamaDecoder } from "./llama-decoder.ts";
import { createEngineFolder } from "./run-folder.ts";
import { type SnapshotSeal, readIntactSnapshot, sealSnapshot } from "./snapshot-file.ts";

/** Prompt tokens computed in one step: how long an abort and the other slots wait. 512 is no faster on a CPU. */
const BATCH_TOKENS = 256;
/** Host copies of recurrent and sliding-window state per slot; the server's default of 32 is not in anybody's memory plan. */
const CHECKPOINTS_PER_SLOT = 4;
/** A socket breaks a moment before the process is reaped. */
const DEATH_NOTICE_MS = 2000;
const WATCHDOG: WatchdogOptions = { silenceMs: 2000, probeMs: 3000 };

export interface LlamaServerOptions {
  readonly binary: string;
  readonly file: string;
  readonly facts: GgufFacts;
  /** What shows it pictures; null: it sees nothing. */
  readonly projector?: Projector | null;
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

interface Projector {
  readonly file: string;
  /** Names its weights. */
  readonly fingerprint: string;
}

/** `emptyFolder`: its decoders of films are not to be found. They are large, and nobody asked for films. */
function projectorArguments({ file }: Projector, emptyFolder: string, gpu: LlamaServerOptions["gpu"]): readonly string[] {
  return [
    "--mmproj",
    file,
    ...(gpu === "off" ? ["--no-mmproj-offload"] : []),
    "--chat-template",
    COUNTING_TEMPLATE,
    "--video-ffmpeg-dir",
    emptyFolder,
  ];
}

/** Starts llama-server with one model. Throws when it cannot be started or the signal's reason. Not for Windows. */
export async function startLlamaServer(options: LlamaServerOptions): Promise<LlamaServerBackend> {
  const { binary, file, slots, contextTokens, threads, runFolder, signal, projector = null } = options;
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
      ...(projector === null ? [] : projectorArguments(projector, folder.path, options.gpu)),
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
  const plain = toBackendModel(options.facts, {
    kind: "llama-server",
    slots,
    contextTokens: props.default_generation_settings.n_ctx,
    endTokens: await askEndTokens(call),
  });
  // What was computed of a picture by another projector is none of this one's.
  const model = projector === null ? plain : { ...plain, fingerprint: `${plain.fingerprint}-${projector.fingerprint}` };
  const marker = projector !== null && props.modalities?.vision === true ? (props.media_marker ?? null) : null;
  if (projector !== null && marker === null) {
    engine.end();
    throw new Error(`${projector.file} shows this model no pictures`);
  }
  const vision = marker === null ? null : await createVision(call, model.addBos);
  const decoder = createLlamaDecoder({ socket, model, watchdog, onStuck: () => engine.end(), meaningOf, marker });
  const { settle, erase } = decoder;

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
    ...(vision === null ? {} : { vision }),
    gone,
    decode: decoder.decode,
    tokenize: decoder.tokenize,
    detokenize: decoder.detokenize,
    clearSlot: decoder.clearSlot,
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
    async close() {
      engine.end();
      await gone;
    },
  };
}
