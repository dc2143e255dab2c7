import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { createAuthenticator } from "../auth/create-authenticator.ts";
import { ensureFirstOrganization } from "../auth/ensure-first-organization.ts";
import { createKey, type KeyDeps } from "../auth/manage-api-keys.ts";
import { openFolderBlobStore } from "../blobs/folder-blob-store.ts";
import { systemClock } from "../platform/clock.ts";
import { openStorage, type Storage } from "../storage/storage.ts";
import { sampleTurnRecord } from "../storage/testing/sample-turn-record.ts";
import { createTestDatabase, silentLog, type TestDatabase } from "../storage/testing/test-storage.ts";
import { recordTurns } from "../storage/testing/record-turns.ts";
import { SYSTEM } from "../tenancy/tenancy-deps.ts";
import { setOrganizationTier } from "../tenancy/set-organization-tier.ts";
import { createBackup } from "./create-backup.ts";
import { restoreBackup } from "./restore-backup.ts";

const PASSPHRASE = "correct horse battery staple";
const BLOB = randomBytes(300_000);

let database: TestDatabase;
let storage: Storage;
let folder: string;
let file: string;
let keys: KeyDeps;
let apiKey: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "parley-backup-"));
  database = await createTestDatabase();
  storage = await openStorage({ ...database, log: silentLog, clock: systemClock });
  keys = { storage, hmacKey: randomBytes(32), auditKey: randomBytes(32), clock: systemClock, authenticator: null };
  const { organizationId, workspaceId } = await ensureFirstOrganization(keys);
  apiKey = (await createKey(keys, { name: "täst \\ \n\t \u{1F600}", workspaceId, expiresAtMs: null }, SYSTEM)).secret;
  await setOrganizationTier(keys, { ...SYSTEM, organizationId }, { tier: "2", customLimits: null });
  const rows = Array.from({ length: 5_000 }, (_, index) => ({
    ...sampleTurnRecord(`req_${index}`),
    // Over several months of the ledger.
    started_at: new Date(Date.UTC(2026, index % 14, 1 + (index % 27))).toISOString(),
  }));
  await recordTurns(storage, rows);
  await storage.run({ operation: "bytes", repeatable: true }, (db) =>
    db.execute(
      sql`insert into idempotency_entries (workspace_id, key, request_hash, claimed_by, status, headers, body, created_at, expires_at)
        values (${workspaceId}, ${"k\\N\t"}, 'h', 'c', 200, ${JSON.stringify({ a: 'quote " \\ \n' })}::jsonb, ${randomBytes(5_000_000)}, now(), now())`,
    ),
  );
  const blobs = await openBlobs(database.dataDir);
  await blobs.put("some/blob_1", bytes(BLOB));
  await blobs.put("empty", bytes(Buffer.alloc(0)));
  file = join(folder, "whole.tar.gz");
  await createBackup({
    file,
    database: placeOf(database),
    blobs,
    secret: { content: Buffer.from("the master secret\n"), passphrase: PASSPHRASE },
    clock: systemClock,
  });
});
afterAll(async () => {
  await storage?.close();
  await database?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const placeOf = (at: TestDatabase) => ({ ...at, log: silentLog });
const openBlobs = (dataDir: string) => openFolderBlobStore(join(dataDir, "blobs"));
async function* bytes(content: Buffer): AsyncGenerator<Buffer> {
  yield content;
}

/** A fingerprint of every table, whatever the order of its rows. */
async function fingerprint(of: Storage): Promise<Record<string, string>> {
  return of.run({ operation: "fingerprint", repeatable: true }, async (db) => {
    const tables = await db.execute<{ name: string }>(
      sql`select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'public' and c.relkind in ('r', 'p') order by 1`,
    );
    const found: Record<string, string> = {};
    for (const { name } of tables.rows) {
      const { rows } = await db.execute<{ sum: string }>(
        sql`select count(*) || ' ' || coalesce(md5(string_agg(md5(t::text), '' order by md5(t::text))), '') as sum from ${sql.identifier(name)} t`,
      );
      found[name] = rows[0]?.sum ?? "";
    }
    return found;
  });
}

/** A place of its own for one restore. */
async function emptyPlace() {
  const place = await createTestDatabase();
  onTestFinished(() => place[Symbol.asyncDispose]());
  return { place, restore: (from: string, passphrase: string | null = PASSPHRASE) => restoreInto(place, from, passphrase) };
}

async function restoreInto(place: TestDatabase, from: string, passphrase: string | null) {
  const blobs = await openBlobs(place.dataDir);
  return restoreBackup({ file: from, database: placeOf(place), blobs, passphrase });
}

/** What a failed restore may not leave. */
async function leftIn(place: TestDatabase): Promise<string[]> {
  const blobs = await Array.fromAsync((await openBlobs(place.dataDir)).list());
  return [...(await readdir(place.dataDir)).filter((name) => name !== "blobs"), ...blobs.map((blob) => blob.key)];
}

test("a backup restored into an empty place is the same database, the same files and the same secret", async () => {
  const { place, restore } = await emptyPlace();
  expect(await restore(file)).toMatchObject({ blobs: 2, hasSecret: true });
  await using restored = await openStorage({ ...place, log: silentLog, clock: systemClock });
  expect(await fingerprint(restored)).toEqual(await fingerprint(storage));
  const content = Buffer.concat(await Array.fromAsync((await openBlobs(place.dataDir)).get("some/blob_1")));
  expect(content.equals(BLOB)).toBe(true);
  expect(await readFile(join(place.dataDir, "secret.key"), "utf8")).toBe("the master secret\n");
  expect((await stat(join(place.dataDir, "secret.key"))).mode & 0o077).toBe(0);

  // It goes on: keys work, new rows get numbers after the old ones, the ledger still refuses changes.
  await using authenticator = createAuthenticator({ ...keys, storage: restored });
  await expect(authenticator.authenticate(apiKey)).resolves.toBeDefined();
  await recordTurns(restored, [sampleTurnRecord("req_after")]);
  const last = await restored.run({ operation: "last", repeatable: true }, (db) =>
    db.execute<{ request_id: string }>(sql`select request_id from turn_records order by sequence desc limit 1`),
  );
  expect(last.rows).toEqual([{ request_id: "req_after" }]);
  const change = restored.run({ operation: "change", repeatable: false }, (db) => db.execute(sql`delete from turn_records`));
  await expect(change).rejects.toMatchObject({ internal: expect.stringContaining("append-only") as string });
});

test("a backup under load is one moment: every table agrees with every other", async () => {
  const stopped = new AbortController();
  let next = 0;
  const writer = (async () => {
    while (!stopped.signal.aborted) await recordTurns(storage, [sampleTurnRecord(`req_load_${next++}`)]);
  })();
  const underLoad = join(folder, "load.tar.gz");
  await createBackup({
    file: underLoad,
    database: placeOf(database),
    blobs: await openBlobs(database.dataDir),
    secret: null,
    clock: systemClock,
  });
  stopped.abort();
  await writer;
  const { place, restore } = await emptyPlace();
  await restore(underLoad, null);
  await using restored = await openStorage({ ...place, log: silentLog, clock: systemClock });
  const counts = await restored.run({ operation: "count", repeatable: true }, (db) =>
    db.execute<{ records: number; requests: number; summed: number }>(
      sql`select (select count(*) from turn_records)::int as records, (select count(*) from turn_requests)::int as requests,
        (select sum(requests) from usage_days)::int as summed`,
    ),
  );
  const { records, requests, summed } = counts.rows[0]!;
  expect(records).toBeGreaterThanOrEqual(5_000);
  expect([requests, summed]).toEqual([records, records]);
});

test("a place that holds anything is refused, and nothing of it is changed", async () => {
  await expect(restoreInto(database, file, PASSPHRASE)).rejects.toMatchObject({
    internal: expect.stringMatching(/is not empty|is there already/) as string,
  });
  const { place, restore } = await emptyPlace();
  await (await openBlobs(place.dataDir)).put("mine", bytes(Buffer.from("x")));
  await expect(restore(file)).rejects.toMatchObject({ internal: expect.stringContaining("file store is not empty") as string });
  expect(await leftIn(place)).toEqual(["mine"]);
});

test.each([
  ["cut", /unexpected end of file|cut off/],
  ["changed", /turn_requests has not the rows|turn_records has not the rows/],
  ["other passphrase", /the passphrase does not open/],
  ["no passphrase", /give the passphrase/],
  ["no archive", /not a backup/],
] as const)("a backup that does not hold leaves nothing behind: %s", async (fault, message) => {
  const broken = join(folder, `${fault}.tar.gz`);
  const { place, restore } = await emptyPlace();
  const content = await readFile(file);
  if (fault === "changed") {
    const plain = gunzipSync(content);
    // A digit within a row: the archive and the database would take it.
    const at = plain.indexOf("req_4999");
    plain.write("req_4x99", at);
    await writeFile(broken, gzipSync(plain));
  } else await writeFile(broken, fault === "no archive" ? gzipSync(Buffer.alloc(2_000, 7)) : content);
  if (fault === "cut") await truncate(broken, content.length - 10_000);
  const passphrase = fault === "other passphrase" ? "wrong horse battery staple" : fault === "no passphrase" ? null : PASSPHRASE;
  await expect(restore(broken, passphrase)).rejects.toThrow(message);
  expect(await leftIn(place)).toEqual([]);
});

test("the master secret is not readable in the backup", async () => {
  expect(gunzipSync(await readFile(file)).includes("the master secret")).toBe(false);
});

test("a backup that is there is not written over, and one that fails leaves no half", async () => {
  const before = await stat(file);
  const make = (blobs: { list(): never; get(): never }, to: string) =>
    createBackup({ file: to, database: placeOf(database), blobs, secret: null, clock: systemClock });
  const away = (): never => {
    throw new Error("the store is away");
  };
  const failing = { list: away, get: away };
  await expect(make(failing, file)).rejects.toMatchObject({ internal: expect.stringContaining("is there already") as string });
  expect((await stat(file)).mtimeMs).toBe(before.mtimeMs);
  await expect(make(failing, join(folder, "half.tar.gz"))).rejects.toThrow("the store is away");
  expect((await readdir(folder)).filter((name) => name.startsWith("half"))).toEqual([]);
});
