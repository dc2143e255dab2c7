import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { BatchItemRunner, BatchTurn } from "../../src/batches/batch-item-runner.ts";
import { startBatchWorker } from "../../src/batches/create-batch-worker.ts";
import { createBatches } from "../../src/batches/create-batches.ts";
import { formatTurnRecord } from "../../src/batches/turn-record-json.ts";
import type { BlobStore } from "../../src/blobs/index.ts";
import { openFolderBlobStore } from "../../src/blobs/folder-blob-store.ts";
import { createScriptedItemRunner } from "../../src/doors/testing/create-scripted-item-runner.ts";
import { start } from "../../src/doors/testing/scripted-engine.ts";
import { sampleTurn } from "../../src/ledger/__fixtures__/sample-turn.ts";
import { createLedger, type DurableLedger } from "../../src/ledger/create-ledger.ts";
import { createChargingBiller } from "../../src/money/create-charging-biller.ts";
import { createPriceBook } from "../../src/money/price-book.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { fail } from "../../src/platform/fail.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { openTestStorage, silentLog } from "../../src/storage/testing/test-storage.ts";

const OWNER = { organizationId: "org_1", workspaceId: "wrkspc_1", apiKeyId: "apikey_1" };
const PROTOCOL = { version: "2026-10-21", betas: [], isBeta: false };
/** A lease longer than a busy disk keeps a renewal waiting. */
const times = { leaseMs: 1_500, idleMs: 20, retryMs: 10 };
const started = new AsyncDisposableStack();

let storage: Storage;
let blobs: BlobStore;
let ledger: DurableLedger;
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), "parley-worker-"));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  storage = started.use(await openTestStorage());
  blobs = await openFolderBlobStore(join(folder, "blobs"));
  ledger = started.use(await createLedger({ storage, spoolDir: join(folder, "spool"), log: silentLog }));
});
afterAll(() => started.disposeAsync());

function read<Row extends Record<string, unknown>>(query: ReturnType<typeof sql>) {
  return storage.run({ operation: "read", repeatable: true }, async (db) => (await db.execute<Row>(query)).rows);
}

function create(count: number, userId?: string) {
  const requests = Array.from({ length: count }, (_, index) => ({ custom_id: `r${index}`, params: { index } }));
  async function* body() {
    yield Buffer.from(JSON.stringify({ requests }));
  }
  const batches = createBatches({ storage, blobs, clock: systemClock, retentionDays: 30, wake() {} });
  return batches.create(userId === undefined ? OWNER : { ...OWNER, userId }, PROTOCOL, body());
}

function work(runItem: BatchItemRunner, over: { readonly blobs?: BlobStore; readonly concurrency?: number } = {}) {
  const worker = startBatchWorker({
    storage,
    blobs,
    ledger,
    runItem,
    clock: systemClock,
    log: silentLog,
    concurrency: 4,
    times,
    ...over,
  });
  onTestFinished(() => worker.close(0));
}

const RESULT = {
  type: "errored",
  error: { type: "error", error: { type: "api_error", message: "x" }, request_id: "r" },
} as const;

const keyOf = async (id: string) =>
  (await read<{ results_key: string }>(sql`select results_key from message_batches where id = ${id}`))[0]?.results_key;
const statusOf = async (id: string) => (await read(sql`select status from message_batches where id = ${id}`))[0]?.["status"];

test("a batch's requests are those of the person whom its key acted for", async () => {
  const batches = [await create(1, "user_1"), await create(1)];
  const seen: BatchTurn["principal"][] = [];
  work(async ({ principal }) => {
    seen.push(principal);
    return { type: "done", result: RESULT, record: null };
  });
  for (const { id } of batches) await expect.poll(() => statusOf(id), { timeout: 40_000 }).toBe("ended");
  expect(seen).toEqual([{ ...OWNER, userId: "user_1" }, OWNER]);
});

test("a batch that cannot be ended keeps no other from being worked on", async () => {
  const stuck = await create(1);
  // More than are taken together.
  const other = await create(40);
  const put: BlobStore["put"] = (key, content) =>
    key.includes(stuck.id) ? Promise.reject(new Error("no room")) : blobs.put(key, content);
  work(async () => ({ type: "done", result: RESULT, record: null }), { blobs: { ...blobs, put }, concurrency: 1 });
  await expect.poll(() => statusOf(other.id), { timeout: 40_000 }).toBe("ended");
  expect(await statusOf(stuck.id)).toBe("in_progress");
});

test("a request that ends every process that runs it errors after five of them, and its neighbours succeed", async () => {
  const batch = await create(20);
  let deaths = 0;
  const runs = new Map<number, number>();
  /** A process that hears of nothing and does nothing more, once it has come to the request. */
  const mortal = (): void => {
    let isDead = false;
    const never = new Promise<never>(() => {});
    const cut: Storage = { ...storage, run: (options, task) => (isDead ? never : storage.run(options, task)) };
    startBatchWorker({
      storage: cut,
      blobs,
      ledger,
      async runItem({ params }) {
        const { index } = params as { index: number };
        runs.set(index, (runs.get(index) ?? 0) + 1);
        if (index === 7) {
          isDead = true;
          deaths += 1;
          mortal();
        }
        return isDead ? never : { type: "done", result: RESULT, record: null };
      },
      clock: systemClock,
      log: silentLog,
      concurrency: 4,
      times,
    });
  };
  mortal();
  await expect.poll(() => statusOf(batch.id), { timeout: 50_000 }).toBe("ended");
  expect(deaths).toBe(5);
  // Whatever was taken along twice or more was run alone afterwards.
  expect([...runs].filter(([index, times]) => index !== 7 && times > 4)).toEqual([]);
  const lines = Buffer.concat(await Array.fromAsync(blobs.get((await keyOf(batch.id)) ?? "")))
    .toString("utf8")
    .trim()
    .split("\n");
  const messages = lines.map((line) => (JSON.parse(line) as { result: typeof RESULT }).result.error.error.message);
  expect(messages).toEqual(Array.from({ length: 20 }, (_, index) => (index === 7 ? "Internal server error" : "x")));
});

test("a turn that cannot be recorded keeps no other from the ledger", async () => {
  const put = (position: number, record: string) =>
    read(sql`
      insert into batch_items (batch_id, position, custom_id, request_id, start, length, prefix_key, status, attempts, lease_until, turn_record)
      values ('msgbatch_left', ${position}, 'c', ${`req_left_${position}`}, 0, 0, '', 'succeeded', 1, now() - interval '1 hour', ${record})`);
  await put(0, "{");
  await put(1, formatTurnRecord(sampleTurn("req_left_1")));
  work(async () => ({ type: "done", result: RESULT, record: null }));
  await expect
    .poll(() => read(sql`select request_id from turn_records where request_id = 'req_left_1'`), { timeout: 40_000 })
    .toHaveLength(1);
});

test("a request that fails once it has begun gives back what was held for it, and is not billed", async () => {
  await using biller = createChargingBiller({
    storage,
    prices: createPriceBook(),
    clock: systemClock,
    log: silentLog,
    isPrepaid: true,
    signupNanoUsd: 5_000_000_000n,
    capNanoUsd: null,
  });
  let heldMeanwhile = 0;
  const holds = () => read(sql`select request_id from spend_holds`);
  const { run, engine } = await createRunner({ biller });
  engine.play(async function* () {
    yield start;
    heldMeanwhile = (await holds()).length;
    throw fail("overloaded_error", { public: "Overloaded" });
  });
  expect(await run()).toMatchObject({ type: "failed", failure: { type: "overloaded_error" } });
  expect(heldMeanwhile).toBe(1);
  expect(await holds()).toEqual([]);
});

test("of a workspace that keeps nothing by now a batch's requests leave no prompt behind", async () => {
  const { run, engine } = await createRunner({ dataPolicy: { keepsNothing: async (id) => id === OWNER.workspaceId } });
  expect(await run()).toMatchObject({ type: "done", result: { type: "succeeded" } });
  expect(engine.turns.map((turn) => turn.keepsNothing)).toEqual([true]);
});

/** A runner over a scripted engine, and how to run one request with it. */
async function createRunner(over: Parameters<typeof createScriptedItemRunner>[0]) {
  const { engine, runItem } = await createScriptedItemRunner(over);
  const params = { model: "claude-haiku-4-5", max_tokens: 100, messages: [{ role: "user", content: "Hi" }] };
  const turn = {
    principal: OWNER,
    requestId: "req_1",
    params,
    bodyBytes: 100,
    version: "2026-10-21",
    betas: [],
    isBeta: false,
  } as const;
  return { engine, run: () => runItem(turn, new AbortController().signal) };
}
