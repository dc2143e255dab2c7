/**
 * A node that is killed: the HTTP server, or a worker on batches, over a scripted engine, with money charged. Prints its
 * address, or "ready". Arguments: "server" or "worker", database URL, blob folder, spool folder, key of the key hashes in hex.
 */
import { writeSync } from "node:fs";
import { createAuthenticator } from "../../../src/auth/create-authenticator.ts";
import { startBatchWorker } from "../../../src/batches/create-batch-worker.ts";
import { createBatches } from "../../../src/batches/create-batches.ts";
import { openFolderBlobStore } from "../../../src/blobs/folder-blob-store.ts";
import { createScriptedItemRunner } from "../../../src/doors/testing/create-scripted-item-runner.ts";
import { end, pause, type Script, start, textBlock } from "../../../src/doors/testing/scripted-engine.ts";
import { startTestServer } from "../../../src/doors/testing/start-test-server.ts";
import { createDatabaseIdempotencyStore } from "../../../src/idempotency-in-database.ts";
import { createLedger } from "../../../src/ledger/create-ledger.ts";
import { createLimiter } from "../../../src/limits/create-limiter.ts";
import { createLimitPolicy } from "../../../src/limits/limit-policy.ts";
import { createPostgresBucketStore } from "../../../src/limits/postgres-bucket-store.ts";
import { createChargingBiller } from "../../../src/money/create-charging-biller.ts";
import { createPriceBook } from "../../../src/money/price-book.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { openStorage } from "../../../src/storage/storage.ts";
import { silentLog } from "../../../src/storage/testing/test-storage.ts";

const [role = "", databaseUrl = "", blobFolder = "", spoolDir = "", hmacKey = ""] = process.argv.slice(2);
/** Long enough that a kill meets turns at every stage. */
const TURN_MAX_MS = 60;

const clock = systemClock;
const storage = await openStorage({ databaseUrl, dataDir: spoolDir, log: silentLog, clock });
const blobs = await openFolderBlobStore(blobFolder);
// The server's rows are on its disk before they are in the database, the worker's in the database first: both must outlive a kill.
const durability = role === "worker" ? "database" : "disk";
const ledger = await createLedger({ storage, spoolDir, durability, log: silentLog });
const biller = createChargingBiller({
  storage,
  prices: createPriceBook(),
  clock,
  log: silentLog,
  isPrepaid: true,
  signupNanoUsd: 1_000_000_000_000n,
  capNanoUsd: null,
  // What a killed process held is free again while the test looks.
  lapseMs: 2_000,
});
const answer: Script = async function* (_turn, signal) {
  yield start;
  await pause(Math.random() * TURN_MAX_MS, signal);
  yield* textBlock(0, "Hel", "lo");
  yield end();
};

if (role === "worker") {
  const { engine, runItem } = await createScriptedItemRunner({ biller });
  engine.play(answer);
  const times = { leaseMs: 1_500, idleMs: 50, retryMs: 100 };
  startBatchWorker({ storage, blobs, ledger, runItem, clock, log: silentLog, concurrency: 8, times });
  writeSync(1, "ready\n");
} else {
  const many = 1_000_000_000;
  const limits = { requests: many, inputTokens: many, outputTokens: many };
  const defaults = { tier: null, default: limits, modelClasses: {}, countTokensRequestsPerMinute: many };
  const policy = createLimitPolicy({ storage, clock, tiers: [], defaults });
  const server = await startTestServer({
    deps: {
      authenticator: createAuthenticator({ storage, hmacKey: Buffer.from(hmacKey, "hex"), clock }),
      limiter: createLimiter({ store: createPostgresBucketStore({ storage, clock }), policy, clock }),
      idempotency: createDatabaseIdempotencyStore({ storage, clock, log: silentLog }),
      batches: createBatches({ storage, blobs, clock, retentionDays: 30, wake() {} }),
      biller,
      ledger,
    },
  });
  server.engine.play(answer);
  writeSync(1, `${server.url}\n`);
}
