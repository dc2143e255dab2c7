import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readMigrationFiles } from "drizzle-orm/migrator";
import { sql } from "drizzle-orm";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../platform/clock.ts";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "./embedded-postgres/embedded-postgres.ts";
import { migrateAsFarAs } from "./migrate.ts";
import { openStorage } from "./storage.ts";
import { sampleTurnRecord } from "./testing/sample-turn-record.ts";
import { createTestDatabase, silentLog, type TestDatabase } from "./testing/test-storage.ts";
import { recordTurns } from "./testing/record-turns.ts";

const MIGRATIONS = readMigrationFiles({
  migrationsFolder: fileURLToPath(new URL("../../migrations", import.meta.url)),
}).map(({ hash, folderMillis }) => ({ hash, createdAtMs: folderMillis }));
/** The first release had these two. */
const FIRST_RELEASE = 2;
const ORGANIZATION = "00000000-0000-4000-8000-000000000001";

let place: TestDatabase;
let embedded: EmbeddedPostgres | null;
beforeAll(async () => {
  place = await createTestDatabase();
  embedded = place.databaseUrl
    ? null
    : await startEmbeddedPostgres({ directory: join(place.dataDir, "postgres"), log: silentLog });
});
afterAll(async () => {
  await embedded?.close();
  await place?.[Symbol.asyncDispose]();
});

/** A database of the test's server by its name. */
function urlOf(database: string): string {
  if (place.databaseUrl) return Object.assign(new URL(place.databaseUrl), { pathname: `/${database}` }).href;
  const { host = "", port = 0, user = "", password = "" } = embedded?.connection ?? {};
  return `postgres://${user}:${encodeURIComponent(password)}@/${database}?host=${encodeURIComponent(host)}&port=${port}`;
}

async function onDatabase<T>(database: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: urlOf(database) });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const createDatabase = (name: string, template: string) =>
  onDatabase("postgres", (client) => client.query(`create database ${name} template ${template}`));

/** What somebody had who used the first release. */
async function insertFirstReleaseData(client: pg.Client): Promise<void> {
  await client.query(`insert into organizations (id, name, created_at) values ('${ORGANIZATION}', 'Mine %_'' é', '2026-09-01Z')`);
  await client.query(
    `insert into workspaces (id, organization_id, name, is_default, created_at)
     values ('wrkspc_01old', '${ORGANIZATION}', 'Default', true, '2026-09-01Z')`,
  );
  await client.query(
    `insert into api_keys (id, organization_id, workspace_id, name, secret_hmac, partial_hint, status, created_at)
     select 'apikey_' || n, '${ORGANIZATION}', 'wrkspc_01old', 'key ' || n, 'hmac ' || n, 'sk-ant', 'active', '2026-09-01Z'
     from generate_series(1, 3) n`,
  );
  await client.query(
    `insert into turn_records (request_id, organization_id, workspace_id, api_key_id, message_id, model, weights, input_tokens,
       cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, thinking_tokens, stop_reason, outcome,
       service_tier, render_ms, queue_ms, restore_ms, prefill_ms, decode_ms, started_at)
     select 'req_old_' || n, '${ORGANIZATION}', 'wrkspc_01old', 'apikey_1', 'msg_' || n, 'claude-haiku-4-5-20251001', 'w', n, 0, 0, 0,
       2, 0, 'end_turn', null, 'standard', 0, 0, 0, 0, 0, timestamptz '2026-09-30T23:30:00Z' + n * interval '1 minute'
     from generate_series(1, 100) n`,
  );
}

test("a database of every earlier version, with data, is brought up to date and works", { timeout: 240_000 }, async () => {
  await createDatabase("growing", "template0");
  await onDatabase("growing", async (client) => {
    await migrateAsFarAs(client, MIGRATIONS.slice(0, FIRST_RELEASE));
    await insertFirstReleaseData(client);
  });
  for (let version = FIRST_RELEASE; version <= MIGRATIONS.length; version += 1) {
    await onDatabase("growing", (client) => migrateAsFarAs(client, MIGRATIONS.slice(0, version)));
    const name = `version_${version}`;
    await createDatabase(name, "growing");
    await using storage = await openStorage({
      databaseUrl: urlOf(name),
      dataDir: place.dataDir,
      log: silentLog,
      clock: systemClock,
    });
    await recordTurns(storage, [sampleTurnRecord("req_old_7"), sampleTurnRecord("req_new")]);
    const { rows } = await storage.run({ operation: "look", repeatable: true }, (database) =>
      database.execute(
        sql`select (select count(*) from drizzle.__drizzle_migrations)::int as migrations,
            (select count(*) from turn_records)::int as turns, (select sum(requests) from usage_days)::int as summed,
            (select count(*) from api_keys where status = 'active')::int as keys, (select min(name) from organizations) as name`,
      ),
    );
    expect(rows).toEqual([{ migrations: MIGRATIONS.length, turns: 101, summed: 101, keys: 3, name: "Mine %_' é" }]);
  }
});

test("a second node that starts during a migration waits for it, and then starts", async () => {
  await createDatabase("upgrading", "template0");
  const url = urlOf("upgrading");
  const node = await onDatabase("upgrading", async (migrating) => {
    // The lock that every node takes before it looks at the schema: "parley" in ASCII.
    await migrating.query("select pg_advisory_lock(123628813444473)");
    const child = spawn(
      process.execPath,
      ["--conditions=source", fileURLToPath(new URL("./__fixtures__/open-storage.ts", import.meta.url)), url, place.dataDir],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    await expect
      .poll(
        async () =>
          (
            await migrating.query(
              "select from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = 'upgrading')",
            )
          ).rowCount,
        { timeout: 30_000 },
      )
      .toBe(1);
    expect(said).toBe("");
    await migrateAsFarAs(migrating, MIGRATIONS);
    return { child, exit: once(child, "exit"), said: () => said };
  });
  expect(await node.exit).toEqual([0, null]);
  expect(node.said()).toBe("open\n");
});
