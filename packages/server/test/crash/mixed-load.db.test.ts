import Anthropic from "@anthropic-ai/sdk";
import { readdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { expect, onTestFinished, test } from "vitest";
import { countDifferences } from "../../src/storage/reconcile.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { dumpTable } from "../../src/storage/testing/dump-table.ts";
import { readSpendSums } from "../../src/storage/testing/read-spend-sums.ts";
import { startMixedLoad } from "./mixed-load.ts";
import { startNodes } from "./start-nodes.ts";

/** The proof proper has 50 (docs/benchmarks.md); each kills the server, the worker and the database once. */
const ROUNDS = Number(process.env["PARLEY_CRASH_ROUNDS"] ?? 6);
/** In so many rounds the database stays away until turns that ran wait on disk, and the server dies with them. */
const OUTAGE_EVERY = 3;

test(
  "kill -9 of server, worker and database, round after round, under messages, streams and batches: nothing is lost or doubled",
  { timeout: 300_000 + ROUNDS * 60_000 },
  async () => {
    const nodes = await startNodes();
    const load = startMixedLoad(nodes.address);
    onTestFinished(() => load.stop());
    const kills = { server: 0, worker: 0, database: 0 };
    let spooledRounds = 0;

    for (let round = 0; round < ROUNDS; round += 1) {
      // Every life has done some work before its end.
      const before = load.told.size;
      await expect.poll(() => load.told.size - before, { timeout: 60_000, interval: 20 }).toBeGreaterThan(40);
      if (round % OUTAGE_EVERY === OUTAGE_EVERY - 1) {
        await sleep(200 + Math.random() * 300);
        await nodes.takeDatabaseAway();
        const hasSpooled = await untilSpooled(nodes.spools.server, 4_000);
        if (hasSpooled) spooledRounds += 1;
        await nodes.kill("worker");
        await sleep(Math.random() * 300);
        await nodes.kill("server");
        await nodes.bringDatabaseBack();
      } else {
        for (const victim of shuffled(["server", "worker", "database"] as const)) {
          await sleep(50 + Math.random() * 400);
          await nodes.kill(victim);
        }
      }
      for (const victim of ["server", "worker", "database"] as const) kills[victim] += 1;
      await nodes.revive();
      if (round % 10 === 9) process.stdout.write(`${round + 1} rounds, ${load.told.size} messages told\n`);
    }

    await sleep(500);
    await load.stop();
    const { storage } = nodes;
    const client = new Anthropic({ baseURL: nodes.address.url, apiKey: nodes.address.apiKey, maxRetries: 0 });
    const listBatches = () => Array.fromAsync(client.messages.batches.list({ limit: 1_000 }));
    await expect
      .poll(async () => (await listBatches()).filter((batch) => batch.processing_status !== "ended").length, {
        timeout: 120_000,
        interval: 200,
      })
      .toBe(0);

    // Whoever was left without an answer asks again under the same key.
    const inDoubt = [...load.keyed].filter(([, answer]) => answer === null).map(([key]) => key);
    const answered = [...load.keyed].filter(([, answer]) => answer !== null).slice(-100);
    let changedReplies = 0;
    const askAgain = async ([key, answer]: (typeof answered)[number]): Promise<void> => {
      const again = await load.repeat(key);
      if (!again?.isReplayed || again.messageId !== answer?.messageId) changedReplies += 1;
    };
    await Promise.all(answered.map(askAgain));
    await Promise.all(inDoubt.map((key) => load.repeat(key)));
    for (const folder of Object.values(nodes.spools)) await expect.poll(() => readdir(folder)).toEqual([]);
    // What dead processes held, living ones drop.
    await expect.poll(async () => (await readSpendSums(storage)).holds, { interval: 250 }).toBe(0);

    const batches = await listBatches();
    const results = await Promise.all(
      batches.map(async ({ id }) => Array.fromAsync(await client.messages.batches.results(id), (line) => ({ ...line, id }))),
    ).then((lists) => lists.flat());
    const rows = await readLedger(storage);
    const sums = await readSpendSums(storage);
    const expected = batches.reduce((sum, batch) => sum + batch.request_counts.succeeded, 0);
    const messageIds = results.map(({ result }) => (result.type === "succeeded" ? result.message.id : ""));
    const batchRows = new Set(rows.filter((row) => row.product === "message_batches_api").map((row) => row.message_id));
    const direct = new Map(
      rows.filter((row) => row.product === "messages_api" && row.outcome === null).map((row) => [row.request_id, row.message_id]),
    );
    const found = {
      lostBatches: [...load.batches].filter((id) => !batches.some((batch) => batch.id === id)).length,
      lostResults: expected - new Set(results.map(({ id, custom_id: name }) => `${id} ${name}`)).size,
      doubledResults: results.length - new Set(results.map(({ id, custom_id: name }) => `${id} ${name}`)).size,
      lostRows:
        [...load.told].filter(([requestId, messageId]) => direct.get(requestId) !== messageId).length +
        messageIds.filter((id) => !batchRows.has(id)).length,
      doubledRows: rows.length - new Set(rows.map((row) => row.message_id)).size,
      rowsWithoutResult: batchRows.size - new Set(messageIds).size,
      wrongCharges: Math.abs(sums.charged - sums.ledger),
      changedReplies,
    };
    const untold = direct.size - load.told.size;
    process.stdout.write(
      `${ROUNDS} rounds of kill -9, ${kills.server} of the server, ${kills.worker} of the worker, ${kills.database} of the database ` +
        `(rows left on disk in ${spooledRounds}): ${load.told.size} messages told, ${load.streams()} of them streams, ` +
        `${load.broken()} connections broken, ${load.refused()} requests refused, ${batches.length} batches with ${results.length} results, ` +
        `${rows.length} rows, ${untold} for replies that a kill cut off, ${sums.ledger} nano-dollars charged; ${JSON.stringify(found)}\n`,
    );
    expect(found).toEqual({
      lostBatches: 0,
      lostResults: 0,
      doubledResults: 0,
      lostRows: 0,
      doubledRows: 0,
      rowsWithoutResult: 0,
      wrongCharges: 0,
      changedReplies: 0,
    });
    expect(load.unexpected).toEqual([]);
    expect(batches.map(({ request_counts: counts }) => counts)).toEqual(
      batches.map(() => ({ processing: 0, succeeded: 40, errored: 0, canceled: 0, expired: 0 })),
    );
    // A turn whose row was stored and whose reply was cut off: none but those of broken connections.
    expect(untold).toBeGreaterThanOrEqual(0);
    expect(untold).toBeLessThanOrEqual(load.broken());
    const { ledger: total } = sums;
    expect(sums).toMatchObject({ rollups: total, charged: total, credits: total, spent: total, held: 0, holds: 0 });
    expect(Object.values(await countDifferences(storage, 0))).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    // What a kill left behind, a sweep removes: rows of batches that had just ended, and of those that never came in whole.
    await nodes.sweepLater();
    expect(await dumpTable(storage, "batch_items")).toBe("");
    expect([load.told.size > 100, load.streams() > 20, batches.length > 1, spooledRounds > 0]).toEqual([true, true, true, true]);
  },
);

async function untilSpooled(folder: string, withinMs: number): Promise<boolean> {
  const untilMs = performance.now() + withinMs;
  while (performance.now() < untilMs) {
    if ((await readdir(folder)).length > 0) return true;
    await sleep(20);
  }
  return false;
}

function shuffled<T>(values: readonly T[]): T[] {
  return values
    .map((value) => ({ value, place: Math.random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ value }) => value);
}

async function readLedger(storage: Storage) {
  const { rows } = await storage.run({ operation: "read", repeatable: true }, (database) =>
    database.execute<{ request_id: string; message_id: string; product: string; outcome: string | null }>(
      sql`select request_id, message_id, product, outcome from turn_records`,
    ),
  );
  return rows;
}
