import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { fail } from "../platform/fail.ts";
import { dumpTable } from "../storage/testing/dump-table.ts";
import { openTestStorage, silentLog } from "../storage/testing/test-storage.ts";
import type { Storage } from "../storage/storage.ts";
import { countTurnRecords, findTurnRecords } from "../storage/turn-records.ts";
import { sampleTurn } from "./__fixtures__/sample-turn.ts";
import { createLedger } from "./create-ledger.ts";

let storage: Storage;
beforeAll(async () => {
  storage = await openTestStorage();
});
afterAll(async () => {
  await storage.close();
});

async function spoolFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "parley-spool-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The real storage, with a switch for the database and a count of the statements. */
function switchable(): { storage: Storage; inserts: () => number; set: (mode: "up" | "down" | "frozen") => void } {
  let mode: "up" | "down" | "frozen" = "up";
  let inserts = 0;
  const run: Storage["run"] = (options, work) => {
    inserts += 1;
    if (mode === "down") return Promise.reject(fail("overloaded_error", { public: "Overloaded" }));
    if (mode === "frozen") return new Promise(() => undefined);
    return storage.run(options, work);
  };
  return {
    storage: { ...storage, run },
    inserts: () => inserts,
    set: (value) => {
      mode = value;
    },
  };
}

test("a recorded turn is on the ledger when record resolves, with every field", async () => {
  await using ledger = await createLedger({ storage, spoolDir: await spoolFolder(), log: silentLog });
  await ledger.record(sampleTurn("req_fields"));
  const row: unknown = JSON.parse(
    (await dumpTable(storage, "turn_records")).split("\n").find((line) => line.includes('"req_fields"')) ?? "{}",
  );
  expect(row).toMatchObject({
    request_id: "req_fields",
    message_id: "msg_req_fields",
    input_tokens: 12,
    cache_read_tokens: 2048,
    cache_write_5m_tokens: 100,
    cache_write_1h_tokens: 0,
    output_tokens: 34,
    thinking_tokens: 5,
    stop_reason: "end_turn",
    outcome: null,
    service_tier: "standard",
    queue_ms: 1.25,
    decode_ms: 300.125,
    started_at: "2026-11-21T12:00:00+00:00",
  });
});

test("recording one request id twice, also at once, keeps the first row", async () => {
  await using ledger = await createLedger({ storage, spoolDir: await spoolFolder(), log: silentLog });
  await ledger.record(sampleTurn("req_twice"));
  await ledger.record({ ...sampleTurn("req_twice"), model: "other" });
  await Promise.all([1, 2, 3].map(() => ledger.record(sampleTurn("req_thrice"))));
  const dump = await dumpTable(storage, "turn_records");
  expect(dump.match(/"req_twice"/g)).toHaveLength(1);
  expect(dump.match(/"req_thrice"/g)).toHaveLength(1);
  expect(dump).not.toContain('"model":"other"');
});

test("rows that arrive together share statements", async () => {
  const counted = switchable();
  await using ledger = await createLedger({ storage: counted.storage, spoolDir: await spoolFolder(), log: silentLog });
  const before = await countTurnRecords(storage);
  await Promise.all(Array.from({ length: 2_000 }, (_, index) => ledger.record(sampleTurn(`req_batch_${index}`))));
  expect(await countTurnRecords(storage)).toBe(before + 2_000);
  expect(counted.inserts()).toBe(10);
});

test("a row that comes at the moment in which others are acknowledged does not wait for further ones", async () => {
  await using ledger = await createLedger({ storage, spoolDir: await spoolFolder(), log: silentLog });
  const ids: string[] = [];
  const record = (id: string): Promise<void> => {
    ids.push(id);
    return ledger.record(sampleTurn(id));
  };
  for (let steps = 0; steps < 12; steps += 1) {
    await Promise.all([record(`req_first_${steps}`), record(`req_second_${steps}`)]);
    for (let step = 0; step < steps; step += 1) await Promise.resolve();
    await record(`req_third_${steps}`);
  }
  expect((await findTurnRecords(storage, ids)).size).toBe(36);
});

test("a row that the database refuses fails alone", async () => {
  await using ledger = await createLedger({ storage, spoolDir: await spoolFolder(), log: silentLog });
  const outcomes = await Promise.allSettled([
    ledger.record(sampleTurn("req_good_1")),
    ledger.record({ ...sampleTurn("req_bad"), stopReason: "nul \u0000 byte" }),
    ledger.record(sampleTurn("req_good_2")),
  ]);
  expect(outcomes.map((outcome) => outcome.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect([...(await findTurnRecords(storage, ["req_good_1", "req_bad", "req_good_2"]))].toSorted()).toEqual([
    "req_good_1",
    "req_good_2",
  ]);
});

test.each(["down", "frozen"] as const)(
  "while the database is %s rows are acknowledged from disk and moved when it is back",
  async (mode) => {
    const cut = switchable();
    const spoolDir = await spoolFolder();
    await using ledger = await createLedger({ storage: cut.storage, spoolDir, log: silentLog });
    cut.set(mode);
    const ids = Array.from({ length: 50 }, (_, index) => `req_${mode}_${index}`);
    await Promise.all(ids.map((id) => ledger.record(sampleTurn(id))));
    expect(ledger.isSpooling()).toBe(true);
    expect((await findTurnRecords(storage, ids)).size).toBe(0);
    expect(await readdir(spoolDir)).toHaveLength(1);
    if (mode === "frozen") return;
    cut.set("up");
    await expect.poll(() => ledger.isSpooling()).toBe(false);
    expect((await findTurnRecords(storage, ids)).size).toBe(50);
    expect(await readdir(spoolDir)).toEqual([]);
  },
);

test("rows that a closed ledger left on disk are moved by the next one, before it is ready", async () => {
  const cut = switchable();
  const spoolDir = await spoolFolder();
  const ledger = await createLedger({ storage: cut.storage, spoolDir, log: silentLog });
  cut.set("down");
  await ledger.record(sampleTurn("req_left"));
  await ledger.close();
  expect((await findTurnRecords(storage, ["req_left"])).size).toBe(0);
  await using _next = await createLedger({ storage, spoolDir, log: silentLog });
  expect((await findTurnRecords(storage, ["req_left"])).size).toBe(1);
  expect(await readdir(spoolDir)).toEqual([]);
});

test("writes that overlap with a replay are all moved in the end", async () => {
  const cut = switchable();
  const spoolDir = await spoolFolder();
  await using ledger = await createLedger({ storage: cut.storage, spoolDir, log: silentLog });
  const ids: string[] = [];
  const pending: Promise<void>[] = [];
  for (let round = 0; round < 60; round += 1) {
    cut.set(round % 12 < 5 ? "down" : "up");
    for (let index = 0; index < 20; index += 1) {
      const id = `req_overlap_${round}_${index}`;
      ids.push(id);
      pending.push(ledger.record(sampleTurn(id)));
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  cut.set("up");
  await Promise.all(pending);
  await expect.poll(() => ledger.isSpooling()).toBe(false);
  expect((await findTurnRecords(storage, ids)).size).toBe(1_200);
  expect(await readdir(spoolDir)).toEqual([]);
});

test("a damaged spool file gives up its good rows and is kept", async () => {
  const spoolDir = await spoolFolder();
  await writeFile(join(spoolDir, "left~1~x~y~0.spool"), "not a row\n");
  await using _ledger = await createLedger({ storage, spoolDir, log: silentLog });
  expect(await readdir(spoolDir)).toEqual(["left~1~x~y~0.spool.kept"]);
});

test("on disk first: a row is acknowledged while the database does not answer, and is in it soon after it does", async () => {
  const cut = switchable();
  const spoolDir = await spoolFolder();
  await using ledger = await createLedger({ storage: cut.storage, spoolDir, durability: "disk", log: silentLog });
  await ledger.record(sampleTurn("req_disk_1"));
  await ledger.caughtUp();
  expect((await findTurnRecords(storage, ["req_disk_1"])).size).toBe(1);
  cut.set("down");
  const ids = Array.from({ length: 300 }, (_, index) => `req_disk_down_${index}`);
  await Promise.all(ids.map((id) => ledger.record(sampleTurn(id))));
  await ledger.caughtUp();
  expect(ledger.isSpooling()).toBe(true);
  cut.set("up");
  await ledger.record(sampleTurn("req_disk_2"));
  await expect.poll(async () => (await findTurnRecords(storage, [...ids, "req_disk_2"])).size).toBe(301);
  await expect.poll(() => ledger.isSpooling()).toBe(false);
  await ledger.close();
  expect(await readdir(spoolDir)).toEqual([]);
});

test("on disk first: rows share statements, and a file goes once all of its rows are in the database", async () => {
  const counted = switchable();
  const spoolDir = await spoolFolder();
  await using ledger = await createLedger({ storage: counted.storage, spoolDir, durability: "disk", log: silentLog });
  const before = await countTurnRecords(storage);
  // More than a file's worth.
  for (let round = 0; round < 10; round += 1)
    await Promise.all(Array.from({ length: 200 }, (_, index) => ledger.record(sampleTurn(`req_share_${round}_${index}`))));
  while ((await countTurnRecords(storage)) < before + 2_000) await ledger.caughtUp();
  expect(counted.inserts()).toBeLessThanOrEqual(12);
  expect((await readdir(spoolDir)).length).toBeLessThanOrEqual(1);
});

test("on disk first: what a process that died had acknowledged is found, once, whether or not the database had it", async () => {
  const cut = switchable();
  const spoolDir = await spoolFolder();
  const dead = await createLedger({ storage: cut.storage, spoolDir, durability: "disk", log: silentLog });
  await dead.record(sampleTurn("req_dead_saved"));
  await dead.caughtUp();
  cut.set("frozen");
  await dead.record(sampleTurn("req_dead_kept"));
  const [name = ""] = await readdir(spoolDir);
  // Its writer is gone, as far as the next can see.
  await rename(join(spoolDir, name), join(spoolDir, `left~${name}`));
  expect((await findTurnRecords(storage, ["req_dead_kept"])).size).toBe(0);
  await using _next = await createLedger({ storage, spoolDir, durability: "disk", log: silentLog });
  expect((await findTurnRecords(storage, ["req_dead_saved", "req_dead_kept"])).size).toBe(2);
  expect(await readdir(spoolDir)).toEqual([]);
});

test("on disk first: a row that the database refuses is kept for people, and the others are in it", async () => {
  const spoolDir = await spoolFolder();
  await using ledger = await createLedger({ storage, spoolDir, durability: "disk", log: silentLog });
  await Promise.all([
    ledger.record(sampleTurn("req_fine_1")),
    ledger.record({ ...sampleTurn("req_foul"), stopReason: "nul \u0000 byte" }),
    ledger.record(sampleTurn("req_fine_2")),
  ]);
  const ids = ["req_fine_1", "req_foul", "req_fine_2"];
  await expect.poll(async () => (await findTurnRecords(storage, ids)).size).toBe(2);
  await expect.poll(async () => (await readdir(spoolDir)).filter((name) => name.endsWith(".kept")).length).toBe(1);
});

test("on disk first: who reads waits for the rows before it, and not for those that keep coming", async () => {
  await using ledger = await createLedger({ storage, spoolDir: await spoolFolder(), durability: "disk", log: silentLog });
  const over = new AbortController();
  let begun = 0;
  let newest = "";
  const come = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const id = `req_steady_${begun++}`;
      await ledger.record(sampleTurn(id));
      newest = id;
      await sleep(2);
    }
  };
  const coming = Promise.all([come(), come(), come()]);
  await expect.poll(() => begun).toBeGreaterThan(10);
  const missing: string[] = [];
  for (let look = 0; look < 5; look += 1) {
    const seen = newest;
    await ledger.caughtUp();
    if (!(await findTurnRecords(storage, [seen])).has(seen)) missing.push(seen);
  }
  over.abort();
  await coming;
  expect(missing).toEqual([]);
});

test("on disk first: where the disk takes nothing, rows go to the database at once", async () => {
  const spoolDir = await spoolFolder();
  await using ledger = await createLedger({ storage, spoolDir, durability: "disk", log: silentLog });
  await rm(spoolDir, { recursive: true });
  await ledger.record(sampleTurn("req_no_disk"));
  expect((await findTurnRecords(storage, ["req_no_disk"])).size).toBe(1);
  await mkdir(spoolDir);
});
