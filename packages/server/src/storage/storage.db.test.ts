import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../platform/clock.ts";
import { Failure } from "../platform/fail.ts";
import { sql } from "drizzle-orm";
import { abandonIdempotencyKey, claimIdempotencyKey, completeIdempotencyKey, sweepIdempotencyKeys } from "./idempotency.ts";
import { openStorage, type Storage } from "./storage.ts";
import { createTestDatabase, openTestStorage, silentLog, type TestDatabase } from "./testing/test-storage.ts";
import { sampleTurnRecord } from "./testing/sample-turn-record.ts";
import { recordTurns } from "./testing/record-turns.ts";
import { countTurnRecords } from "./turn-records.ts";

let storage: Storage;
beforeAll(async () => {
  storage = await openTestStorage();
});
afterAll(async () => {
  await storage.close();
});

test("three processes that migrate one fresh database at once all succeed", async () => {
  // One owner starts the server; on an embedded database the other two are its guests.
  await using database: TestDatabase = await createTestDatabase();
  const opened = await Promise.all([1, 2, 3].map(() => openStorage({ ...database, log: silentLog, clock: systemClock })));
  try {
    const files = await readdir(fileURLToPath(new URL("../../migrations", import.meta.url)));
    const count = String(files.filter((file) => file.endsWith(".sql")).length);
    const applied = await Promise.all(
      opened.map((each) =>
        each.run({ operation: "count migrations", repeatable: true }, (db) =>
          db.execute<{ count: string }>(sql`select count(*) as count from drizzle.__drizzle_migrations`),
        ),
      ),
    );
    expect(applied.map((result) => result.rows[0]?.count)).toEqual([count, count, count]);
  } finally {
    await Promise.all(opened.toReversed().map((each) => each.close()));
  }
});

test("a schema that a newer Parley migrated is refused with the remedy", async () => {
  await using database: TestDatabase = await createTestDatabase();
  const first = await openStorage({ ...database, log: silentLog, clock: systemClock });
  await first.run({ operation: "pretend", repeatable: false }, (db) =>
    db.execute(sql`insert into drizzle.__drizzle_migrations (hash, created_at) values ('future', 99999999999999)`),
  );
  await first.close();
  await expect(openStorage({ ...database, log: silentLog, clock: systemClock })).rejects.toMatchObject({
    internal: expect.stringContaining("newer Parley") as string,
  });
});

test("the schema and the migrations say the same", async () => {
  const root = fileURLToPath(new URL("../../../../", import.meta.url));
  const copy = await mkdtemp(join(tmpdir(), "parley-migrations-"));
  try {
    await cp(join(root, "packages/server/migrations"), copy, { recursive: true });
    const before = await readdir(copy);
    await promisify(execFile)(
      process.execPath,
      [
        join(root, "node_modules/drizzle-kit/bin.cjs"),
        "generate",
        "--dialect",
        "postgresql",
        "--schema",
        join(root, "packages/server/src/storage/schema.ts"),
        "--out",
        copy,
      ],
      { cwd: root },
    );
    expect(await readdir(copy)).toEqual(before);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
});

test("turn records cannot be updated, deleted or truncated", async () => {
  await recordTurns(storage, [sampleTurnRecord("req_append_only")]);
  for (const statement of [
    sql`update turn_records set output_tokens = 0`,
    sql`delete from turn_records`,
    sql`truncate turn_records`,
  ]) {
    await expect(storage.run({ operation: "tamper", repeatable: false }, (db) => db.execute(statement))).rejects.toMatchObject({
      type: "api_error",
      publicMessage: "Internal server error",
      internal: expect.stringContaining("turn_records is append-only") as string,
    });
  }
  expect(await countTurnRecords(storage)).toBe(1);
});

test("a turn record commits to disk also where the server's default is an asynchronous commit", async () => {
  const seen = await storage.run({ operation: "inspect", repeatable: false }, (db) =>
    db.transaction(async (transaction) => {
      await transaction.execute(sql`set local synchronous_commit = off`);
      const same: Storage = { ...storage, run: (_options, work) => work(Object.assign(transaction, { $client: db.$client })) };
      await recordTurns(same, [sampleTurnRecord("req_durable")]);
      return transaction.execute<{ synchronous_commit: string }>(sql`show synchronous_commit`);
    }),
  );
  expect(seen.rows[0]?.synchronous_commit).toBe("on");
});

test("a refused statement leaks neither SQL nor values in any text", async () => {
  const error = await storage
    .run({ operation: "probe", repeatable: false }, (db) => db.execute(sql`select ${"tenant-secret"}::int`))
    .catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(Failure);
  expect(error).toMatchObject({ type: "api_error", publicMessage: "Internal server error", cause: undefined });
});

test("an idempotency key is claimed by exactly one of twenty requests and then replays its reply", async () => {
  const nowMs = 1_800_000_000_000;
  const claim = (claimedBy: string, requestHash = "h1", atMs = nowMs) =>
    claimIdempotencyKey(storage, {
      workspaceId: "w1",
      key: "k1",
      requestHash,
      claimedBy,
      nowMs: atMs,
      claimExpiresAtMs: atMs + 60_000,
    });
  const outcomes = await Promise.all(Array.from({ length: 20 }, (_, index) => claim(`req_${index}`)));
  const winners = outcomes.flatMap((outcome, index) => (outcome.type === "claimed" ? [index] : []));
  expect(winners).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome.type === "running")).toHaveLength(19);
  const winner = `req_${winners[0]}`;

  expect(await claim(winner)).toEqual({ type: "claimed" });
  expect(await claim("req_other", "h2")).toEqual({ type: "mismatch" });
  const held = { workspaceId: "w1", key: "k1", claimedBy: winner };
  const reply = { status: 200, headers: { "content-type": "application/json" }, body: Buffer.from([0, 255, 123]) };
  await completeIdempotencyKey(storage, { ...held, claimedBy: "req_usurper", expiresAtMs: nowMs + 1 }, { ...reply, status: 500 });
  await completeIdempotencyKey(storage, { ...held, expiresAtMs: nowMs + 86_400_000 }, reply);
  expect(await claim("req_later")).toEqual({ type: "replay", reply });
  await abandonIdempotencyKey(storage, held);
  expect(await claim("req_later")).toEqual({ type: "replay", reply });

  expect(await claim("req_next_day", "h3", nowMs + 86_400_001)).toEqual({ type: "claimed" });
  await abandonIdempotencyKey(storage, { ...held, claimedBy: "req_next_day" });
  expect(await claim("req_after", "h4", nowMs)).toEqual({ type: "claimed" });
  expect(await sweepIdempotencyKeys(storage, nowMs + 60_001)).toBe(1);
  expect(await claim("req_again", "h5", nowMs)).toEqual({ type: "claimed" });
});

test("a database that cannot be reached answers overloaded_error within its budget and names no address", async () => {
  const unreachable = openStorage({
    databaseUrl: "postgres://someone:hidden@127.0.0.1:1/none",
    dataDir: tmpdir(),
    log: silentLog,
    clock: systemClock,
    outageBudgetMs: 300,
  });
  const startedMs = performance.now();
  const error = await unreachable.catch((caught: unknown) => caught);
  // Without a budget of its own it waits for 15 s.
  expect(performance.now() - startedMs).toBeLessThan(10_000);
  expect(error).toMatchObject({ type: "overloaded_error", publicMessage: "Overloaded", retryAfterSeconds: 1 });
  expect((error as Failure).message).not.toContain("hidden");
});

test("of two transactions that wait for each other the one that is undone runs again", async () => {
  const bothBegun = createBarrier(2);
  let tries = 0;
  const update = (first: string, second: string) =>
    storage.run({ operation: "deadlock", repeatable: false }, (database) =>
      database.transaction(async (transaction) => {
        tries += 1;
        await transaction.execute(sql`update organizations set name = name || '!' where id = ${first}`);
        await bothBegun();
        await transaction.execute(sql`update organizations set name = name || '!' where id = ${second}`);
      }),
    );
  for (const id of ["org_dead", "org_lock"]) {
    await storage.run({ operation: "insert", repeatable: false }, (database) =>
      database.execute(sql`insert into organizations (id, name, created_at) values (${id}, 'x', now())`),
    );
  }
  await Promise.all([update("org_dead", "org_lock"), update("org_lock", "org_dead")]);
  expect(tries).toBe(3);
  const names = await storage.run({ operation: "read", repeatable: true }, async (database) => {
    const { rows } = await database.execute(sql`select name from organizations where id in ('org_dead', 'org_lock')`);
    return rows.map((row) => row["name"]);
  });
  expect(names).toEqual(["x!!", "x!!"]);
});

/** Resolves once so many have come; whoever comes later does not wait. */
function createBarrier(count: number): () => Promise<void> {
  let come = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  return () => {
    come += 1;
    if (come === count) resolve();
    return promise;
  };
}

test("one pool connection is never left checked out", async () => {
  await using narrow = await openTestStorage();
  await Promise.all(Array.from({ length: 200 }, () => narrow.ping()));
  await expect(
    Promise.allSettled(
      Array.from({ length: 50 }, () => narrow.run({ operation: "fail", repeatable: false }, (db) => db.execute(sql`select 1/0`))),
    ),
  ).resolves.toHaveLength(50);
  expect(await narrow.ping()).toBeLessThan(10_000);
});
