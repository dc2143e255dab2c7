import { rename, stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import type { TokenBackend } from "../backend.ts";
import { fitSnapshot } from "../gguf/fit-snapshot.ts";
import { assertMemoryFits, planMemory } from "../gguf/plan-memory.ts";
import { readAvailableBytes } from "../gguf/read-available-bytes.ts";
import { readGguf } from "../gguf/read-gguf.ts";
import { canTruncate, toBackendModel } from "../gguf/to-backend-model.ts";
import { connectChild } from "./child-connection.ts";
import { decodeStream } from "./decode-stream.ts";
import type { Gpu } from "./ipc.ts";

export interface NodeLlamaCppOptions {
  /** The GGUF file. */
  readonly file: string;
  readonly slots: number;
  /** Tokens that each slot can hold. */
  readonly contextTokens: number;
  /** Default: one per core. More than there are idle cores is slower than fewer: llama.cpp's barriers spin. */
  readonly threads?: number;
  /** Default "auto": the best that is installed. */
  readonly gpu?: Gpu;
  /** Prompt tokens computed in one step, and so the granularity of cancelling a prompt. Default: 128 on a CPU, else 512. */
  readonly batchTokens?: number;
  readonly stallTimeoutMs?: number;
  readonly onLoadProgress?: (fraction: number) => void;
  readonly onLog?: (line: string) => void;
}

/** What the child takes on a CPU (child/addon.ts, which only the child may import). */
const CPU_BATCH_TOKENS = 128;
/** Several times the slowest step seen: 256 prompt tokens of a 1.5B model on two busy cores took 15 s. */
const DEFAULT_STALL_TIMEOUT_MS = 180_000;

export interface NodeLlamaCppBackend extends TokenBackend {
  readonly kind: "node-llama-cpp";
  readonly pid: number;
}

/**
 * Starts a child process that holds the model. Rejects with a `Failure` when the memory plan says that the model does
 * not fit, and with an Error in llama.cpp's words when it cannot be loaded.
 */
export async function startNodeLlamaCpp(options: NodeLlamaCppOptions): Promise<NodeLlamaCppBackend> {
  const { file, slots, contextTokens, gpu = "auto", batchTokens = null } = options;
  const facts = await readGguf(file);
  const memory = {
    contextTokens,
    slots,
    batchTokens: batchTokens ?? CPU_BATCH_TOKENS,
    availableBytes: await readAvailableBytes(),
  };
  // With "auto" the caller has planned, or a GPU is there and the package decides how much of the model goes where.
  if (gpu === false) assertMemoryFits(facts, planMemory(facts, memory), memory);
  const connection = await connectChild({
    load: {
      file,
      slots,
      contextTokens,
      gpu,
      batchTokens,
      canTruncate: canTruncate(facts),
      threads: options.threads ?? availableParallelism(),
      specialTokens: facts.specialTokens.map(({ id }) => id),
    },
    stallTimeoutMs: options.stallTimeoutMs ?? DEFAULT_STALL_TIMEOUT_MS,
    ...(options.onLoadProgress ? { onLoadProgress: options.onLoadProgress } : {}),
    ...(options.onLog ? { onLog: options.onLog } : {}),
  });
  return {
    kind: "node-llama-cpp",
    pid: connection.pid,
    slots,
    model: toBackendModel(facts, { kind: "node-llama-cpp", slots, contextTokens, endTokens: connection.ready.endTokens }),
    gone: connection.gone,
    tokenize: async (text, { special }) => Array.from(await connection.command({ type: "tokenize", text, special })),
    detokenize: (tokens) => connection.command({ type: "detokenize", tokens: Uint32Array.from(tokens) }),
    decode: (request, signal) => decodeStream(connection, request, signal),
    saveSlot: (slot, path) => connection.command({ type: "save", slot, file: path }),
    async restoreSlot(slot, path) {
      if (canTruncate(facts)) await fitToSlots(path, slots);
      return await connection.command({ type: "restore", slot, file: path });
    },
    clearSlot: async (slot) => {
      await connection.command({ type: "clear", slot });
    },
    close: () => connection.close(),
  };
}

/** A snapshot that was made with another number of slots is written anew for this one. */
async function fitToSlots(path: string, slots: number): Promise<void> {
  const bytes = await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
  const fitted = await fitSnapshot(path, bytes, slots);
  if (fitted !== null) await rename(fitted, path);
}
