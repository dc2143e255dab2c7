import { tmpdir } from "node:os";
import { createContainers } from "../../containers/create-containers.ts";
import { localMedia } from "../../documents/testing/local-media.ts";
import { createBatchItemRunner, type BatchItemRunnerDeps } from "../../endpoints/shared/create-batch-item-runner.ts";
import { createFiles } from "../../files/create-files.ts";
import { createModelRegistry } from "../../models/model-registry.ts";
import { createPriceBook } from "../../money/price-book.ts";
import { createRecordingBiller } from "../../money/create-recording-biller.ts";
import { systemClock } from "../../platform/clock.ts";
import { createLog } from "../../platform/log.ts";
import { createMetrics } from "../../platform/metrics.ts";
import { NO_TRACING } from "../../platform/tracing.ts";
import { createThinkingSigner } from "../../prompt/index.ts";
import { createSkills } from "../../skills/create-skills.ts";
import { absentBlobs } from "./absent-blobs.ts";
import { absentMcp } from "./absent-mcp.ts";
import { absentStorage } from "./absent-storage.ts";
import { createScriptedEngine } from "./scripted-engine.ts";

/** Everything that a batch's request runs through, over a scripted engine; without files, unless `over` has them. */
export async function createScriptedItemRunner(over: Partial<Omit<BatchItemRunnerDeps, "engine" | "models">> = {}) {
  const engine = createScriptedEngine();
  const runItem = createBatchItemRunner({
    engine,
    models: createModelRegistry({ mapping: { haiku: "tiny", sonnet: "tiny", opus: "tiny" }, engine }),
    files: createFiles({ storage: absentStorage, blobs: absentBlobs, clock: systemClock, quotaBytes: 0 }),
    containers: createContainers({ storage: absentStorage, clock: systemClock, folder: tmpdir(), lifeDays: 1 }),
    skills: createSkills({
      storage: absentStorage,
      blobs: absentBlobs,
      clock: systemClock,
      auditKey: Buffer.alloc(32),
      quotaBytes: 0,
      builtIns: [],
    }),
    media: localMedia,
    mcp: absentMcp,
    thinkingSigner: createThinkingSigner(Buffer.alloc(32, 1)),
    searchSeals: createThinkingSigner(Buffer.alloc(32, 3)),
    dataPolicy: { keepsNothing: async () => false },
    inferenceGeos: { standsIn: null, choose: async () => "global" },
    biller: createRecordingBiller({ prices: createPriceBook() }),
    clock: systemClock,
    log: createLog({ level: "silent" }),
    metrics: createMetrics(),
    tracing: NO_TRACING,
    ...over,
  });
  return { engine, runItem };
}
