import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import { readMigrationFiles } from "drizzle-orm/migrator";
import type { Client, PoolClient } from "pg";
import { fail } from "../platform/fail.ts";

/** The same folder from `src/storage` in development and from `dist/storage` as shipped. */
const MIGRATIONS_FOLDER = fileURLToPath(new URL("../../migrations", import.meta.url));

/** Any number that nothing else in the database locks: "parley" in ASCII. */
const MIGRATION_LOCK = "123628813444473";

const OLDEST_SERVER_VERSION = 150_000;

/** Brings the schema up to date. Several processes at once wait for one another; Drizzle's own runner would collide. */
export async function migrateDatabase(client: Client | PoolClient): Promise<void> {
  await refuseOldServer(client);
  await client.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
  try {
    await refuseNewerSchema(client);
    await migrate(drizzle({ client }), { migrationsFolder: MIGRATIONS_FOLDER });
  } finally {
    await client.query("select pg_advisory_unlock($1)", [MIGRATION_LOCK]);
  }
}

/** A migration as the database remembers it. */
export interface AppliedMigration {
  readonly hash: string;
  readonly createdAtMs: number;
}

/**
 * Brings an empty database to where another one was. Throws where the other's migrations are not the first of ours: it was
 * written by a newer Parley, or by no release.
 */
export async function migrateAsFarAs(client: Client | PoolClient, applied: readonly AppliedMigration[]): Promise<void> {
  await refuseOldServer(client);
  const ours = readMigrationFiles({ migrationsFolder: MIGRATIONS_FOLDER });
  const isKnown = applied.every((each, index) => each.hash === ours[index]?.hash);
  if (!isKnown) {
    throw fail("api_error", {
      public: "The backup cannot be read",
      internal: "the backup was made by a newer Parley, or not by a released one: restore it with the version that made it",
    });
  }
  const folder = await mkdtemp(join(tmpdir(), "parley-migrations-"));
  try {
    await cp(MIGRATIONS_FOLDER, folder, { recursive: true });
    const path = join(folder, "meta/_journal.json");
    const journal = JSON.parse(await readFile(path, "utf8")) as { entries: unknown[] };
    await writeFile(path, JSON.stringify({ ...journal, entries: journal.entries.slice(0, applied.length) }));
    await migrate(drizzle({ client }), { migrationsFolder: folder });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What was applied to this database, oldest first. */
export async function listAppliedMigrations(client: Client | PoolClient): Promise<AppliedMigration[]> {
  const { rows } = await client.query<{ hash: string; created_at: string }>(
    "select hash, created_at from drizzle.__drizzle_migrations order by created_at",
  );
  return rows.map((row) => ({ hash: row.hash, createdAtMs: Number(row.created_at) }));
}

async function refuseOldServer(client: Client | PoolClient): Promise<void> {
  const { rows } = await client.query<{ version: number; name: string }>(
    "select current_setting('server_version_num')::int as version, current_setting('server_version') as name",
  );
  const server = rows[0];
  if (server && server.version < OLDEST_SERVER_VERSION) {
    throw fail("api_error", {
      public: "The database cannot be used",
      internal: `DATABASE_URL leads to PostgreSQL ${server.name}; Parley needs 15 or newer`,
    });
  }
}

/** An older Parley on a newer schema would write rows that the newer one misreads. */
async function refuseNewerSchema(client: Client | PoolClient): Promise<void> {
  const { rows } = await client.query<{ present: boolean }>(
    "select to_regclass('drizzle.__drizzle_migrations') is not null as present",
  );
  if (!rows[0]?.present) return;
  const newestKnownMs = Math.max(...readMigrationFiles({ migrationsFolder: MIGRATIONS_FOLDER }).map((file) => file.folderMillis));
  const applied = await client.query<{ newest: string | null }>(
    "select max(created_at) as newest from drizzle.__drizzle_migrations",
  );
  if (Number(applied.rows[0]?.newest ?? 0) > newestKnownMs) {
    throw fail("api_error", {
      public: "The database cannot be used",
      internal: "the database was migrated by a newer Parley: start that version, or restore a backup made before the upgrade",
    });
  }
}
