import { availableParallelism } from "node:os";
import { join } from "node:path";
import { readAvailableBytes } from "./engines/gguf/read-available-bytes.ts";
import { createProjectorReader } from "./engines/gguf/create-projector-reader.ts";
import { readGguf } from "./engines/gguf/read-gguf.ts";
import { findLlamaServer } from "./engines/install/find-llama-server.ts";
import { startLlamaServer } from "./engines/llama-server/llama-server-backend.ts";
import { endOrphanedEngines } from "./engines/llama-server/run-folder.ts";
import { withCheckedArithmetic } from "./engines/local/check-arithmetic.ts";
import { rememberRejectedGrammars } from "./engines/local/remember-rejected-grammars.ts";
import { type LocalModels, createLocalModels } from "./engines/local/create-local-models.ts";
import type { StartBackend } from "./engines/local/model-pool-types.ts";
import { startNodeLlamaCpp } from "./engines/node-llama-cpp/start-node-llama-cpp.ts";
import { thinkingSupport } from "./engines/turn-engine/render/thinking-support.ts";
import type { Clock } from "./platform/clock.ts";
import type { Config } from "./platform/config.ts";
import type { Log } from "./platform/log.ts";
import { createWeightsStore } from "./weights/weights-store.ts";

/** The local models of one data folder, with the engines that this machine has. */
export async function startLocalModels(options: {
  readonly config: Config["engine"];
  readonly dataDir: string;
  readonly onRestart: (weights: string) => void;
  readonly log: Log;
  readonly clock: Clock;
}): Promise<LocalModels> {
  const { config, dataDir, onRestart, log, clock } = options;
  const threads = config.threads ?? availableParallelism();
  const folder = join(dataDir, "models");
  const runFolder = join(dataDir, "run", "engines");
  await endOrphanedEngines(runFolder);
  const { found, rejected } = await findLlamaServer({ configured: config.llama_server, dataDir, env: process.env });
  for (const { binary, reason } of rejected) log.warn({ binary, reason }, "this llama-server cannot be used");

  const startServer: StartBackend | null =
    found === null
      ? null
      : // It may have been built on this machine, by a compiler that nobody has tried; the embedded engine is a release.
        withCheckedArithmetic((request) =>
          startLlamaServer({ ...request, binary: found.binary, gpu: config.gpu, threads, runFolder }),
        );
  const startEmbedded: StartBackend = ({ file, slots, contextTokens, onLoadProgress, onLogLine }) =>
    startNodeLlamaCpp({
      file,
      slots,
      contextTokens,
      threads,
      gpu: config.gpu === "auto" ? "auto" : false,
      onLoadProgress,
      onLog: onLogLine,
    });

  return createLocalModels({
    files: createWeightsStore(folder),
    readFacts: readGguf,
    readProjector: createProjectorReader(config.projectors, folder),
    backendChoice: config.backend,
    starters: {
      "llama-server": startServer === null ? null : rememberRejectedGrammars(startServer, clock),
      "node-llama-cpp": rememberRejectedGrammars(startEmbedded, clock),
    },
    slots: config.slots,
    contextTokens: config.context_tokens,
    memoryBudgetBytes: config.memory_bytes,
    availableBytes: readAvailableBytes,
    keepAliveMs: config.keep_alive_minutes * 60_000,
    thinkingOf: thinkingSupport,
    onRestart,
    log,
    clock,
  });
}
