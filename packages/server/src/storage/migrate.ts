import { fileURLToPath } from "node:url";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import { readMigrationFiles } from "drizzle-orm/migrator";
import type { PoolClient } from "pg";
import { fail } from "../platform/fail.ts";

/** The same folder from `src/storage` in development and from `dist/storage` as shipped. */
const MIGRATIONS_FOLDER = fileURLToPath(new URL("../../migrations", import.meta.url));

/** Any number that nothing else in the database locks: "parley" in ASCII. */
const MIGRATION_LOCK = "123628813444473";

const OLDEST_SERVER_VERSION = 150_000;

/** Brings the schema up to date. Several processes at once wait for one another; Drizzle's own runner would collide. */
export async function migrateDatabase(client: PoolClient): Promise<void> {
  await refuseOldServer(client);
  await client.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
  try {
    await refuseNewerSchema(client);
    await migrate(drizzle({ client }), { migrationsFolder: MIGRATIONS_FOLDER });
  } finally {
    await client.query("select pg_advisory_unlock($1)", [MIGRATION_LOCK]);
  }
}

async function refuseOldServer(client: PoolClient): Promise<void> {
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
async function refuseNewerSchema(client: PoolClient): Promise<void> {
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
