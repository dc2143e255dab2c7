import type { BatchItemRunner } from "../../../src/batches/batch-item-runner.ts";
import type { BlobStore } from "../../../src/blobs/blob-store.ts";
import { createScriptedEngine, end, pause, start, textBlock } from "../../../src/doors/testing/scripted-engine.ts";
import { createBatchItemRunner } from "../../../src/endpoints/shared/create-batch-item-runner.ts";
import { localMedia } from "../../../src/documents/testing/local-media.ts";
import { createFiles } from "../../../src/files/create-files.ts";
import { createModelRegistry } from "../../../src/models/model-registry.ts";
import { createRecordingBiller } from "../../../src/money/create-recording-biller.ts";
import { createPriceBook } from "../../../src/money/price-book.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { createLog } from "../../../src/platform/log.ts";
import { createMetrics } from "../../../src/platform/metrics.ts";
import { createTracing } from "../../../src/platform/tracing.ts";
import { createThinkingSigner } from "../../../src/prompt/index.ts";
import type { Storage } from "../../../src/storage/storage.ts";

/** Everything that a batch's request runs through, with an engine that answers "Hello" after up to `maxMs`. */
export async function createScriptedItemRunner(storage: Storage, blobs: BlobStore, maxMs: number): Promise<BatchItemRunner> {
  const engine = createScriptedEngine();
  engine.play(async function* (_turn, signal) {
    yield start;
    if (maxMs > 0) await pause(Math.random() * maxMs, signal);
    yield* textBlock(0, "Hello");
    yield end();
  });
  return createBatchItemRunner({
    engine,
    models: createModelRegistry({ mapping: { haiku: "tiny", sonnet: "tiny", opus: "tiny" }, engine }),
    files: createFiles({ storage, blobs, clock: systemClock, quotaBytes: 0 }),
    media: localMedia,
    thinkingSigner: createThinkingSigner(Buffer.alloc(32, 1)),
    searchSeals: createThinkingSigner(Buffer.alloc(32, 3)),
    dataPolicy: { keepsNothing: async () => false },
    inferenceGeos: { choose: async () => "global" },
    biller: createRecordingBiller({ prices: createPriceBook([]) }),
    clock: systemClock,
    log: createLog({ level: "silent" }),
    metrics: createMetrics(),
    tracing: await createTracing({ otlpEndpoint: null }),
  });
}
