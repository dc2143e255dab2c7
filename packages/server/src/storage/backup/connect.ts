import { join } from "node:path";
import pg from "pg";
import { startEmbeddedPostgres } from "../embedded-postgres/embedded-postgres.ts";
import type { StorageLog } from "../log.ts";

export interface DatabasePlace {
  /** Null: the embedded one below `dataDir`. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  readonly log: StorageLog;
}

/** One connection without time limits, beside a running server or with a database that it starts itself. */
export async function withDatabase<T>(
  { databaseUrl, dataDir, log }: DatabasePlace,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const embedded = databaseUrl === null ? await startEmbeddedPostgres({ directory: join(dataDir, "postgres"), log }) : null;
  const client = new pg.Client({
    ...(embedded ? embedded.connection : { connectionString: databaseUrl ?? "" }),
    application_name: "parley backup",
  });
  client.on("error", (error) => log.warn({ reason: error.message }, "the database connection broke"));
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => {});
    await embedded?.close();
  }
}
