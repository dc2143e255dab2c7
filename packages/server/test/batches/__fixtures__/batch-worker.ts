/**
 * A process that works on batches over a scripted engine, until it is killed. Prints "ready" once it works.
 * Arguments: database URL, blob folder, spool folder.
 */
import { writeSync } from "node:fs";
import { startBatchWorker } from "../../../src/batches/create-batch-worker.ts";
import { openFolderBlobStore } from "../../../src/blobs/folder-blob-store.ts";
import { createLedger } from "../../../src/ledger/create-ledger.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { openStorage } from "../../../src/storage/storage.ts";
import { silentLog } from "../../../src/storage/testing/test-storage.ts";
import { createScriptedItemRunner } from "./scripted-item-runner.ts";

const [databaseUrl = "", blobFolder = "", spoolDir = ""] = process.argv.slice(2);
const storage = await openStorage({ databaseUrl, dataDir: spoolDir, log: silentLog, clock: systemClock });
const blobs = await openFolderBlobStore(blobFolder);
startBatchWorker({
  storage,
  blobs,
  ledger: await createLedger({ storage, spoolDir, log: silentLog }),
  // Long enough that a kill meets requests at every stage.
  runItem: await createScriptedItemRunner(storage, blobs, 60),
  clock: systemClock,
  log: silentLog,
  concurrency: 8,
  times: { leaseMs: 1_500, idleMs: 50, retryMs: 100 },
});
writeSync(1, "ready\n");
