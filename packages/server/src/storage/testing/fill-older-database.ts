import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";
import { startEmbeddedPostgres } from "../embedded-postgres/embedded-postgres.ts";
import { silentLog, type TestDatabase } from "./test-storage.ts";

const MIGRATIONS = fileURLToPath(new URL("../../../migrations", import.meta.url));

/** A database as an older Parley left it: migrated up to and with `last`, holding what `fill` put into it. */
export async function fillOlderDatabase(
  database: TestDatabase,
  last: string,
  fill: (client: pg.Client) => Promise<unknown>,
): Promise<void> {
  const older = await olderMigrations(last);
  const embedded = database.databaseUrl
    ? null
    : await startEmbeddedPostgres({ directory: join(database.dataDir, "postgres"), log: silentLog });
  const client = new pg.Client(embedded ? { ...embedded.connection } : { connectionString: database.databaseUrl ?? "" });
  try {
    await client.connect();
    await migrate(drizzle({ client }), { migrationsFolder: older });
    await fill(client);
  } finally {
    await client.end();
    await embedded?.close();
    await rm(older, { recursive: true, force: true });
  }
}

/** The migrations up to one of them, as an older Parley had them. */
async function olderMigrations(last: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "parley-older-"));
  await cp(MIGRATIONS, folder, { recursive: true });
  const path = join(folder, "meta/_journal.json");
  const journal = JSON.parse(await readFile(path, "utf8")) as { entries: { tag: string }[] };
  const end = journal.entries.findIndex((entry) => entry.tag === last) + 1;
  await writeFile(path, JSON.stringify({ ...journal, entries: journal.entries.slice(0, end) }));
  return folder;
}
