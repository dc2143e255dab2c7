import { join } from "node:path";
import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import pg from "pg";
import type { Clock } from "../platform/clock.ts";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "./embedded-postgres/embedded-postgres.ts";
import type { StorageLog } from "./log.ts";
import { migrateDatabase } from "./migrate.ts";
import { classifyDatabaseError, retryThroughOutage, toFailure } from "./outage.ts";
import { createSilenceWatch, type SilenceWatch } from "./silence-watch.ts";

/** Drizzle on one connection. Only the files of this folder use it. */
export type Database = NodePgDatabase;

/** What runs inside a transaction as well as outside. */
export type Queries = Pick<Database, "select" | "insert" | "update" | "delete" | "execute">;

/** The same with the connection below it, for whoever brings SQL of its own. */
export type LentDatabase = Database & { readonly $client: pg.PoolClient };

export interface RunOptions {
  /** Names the statement in logs. */
  readonly operation: string;
  /** Reads and idempotent writes are repeated when the connection breaks under them; others only before they ran. */
  readonly repeatable: boolean;
  /** How long an outage may last before the caller gets `overloaded_error`. */
  readonly outageBudgetMs?: number;
}

export interface Storage extends AsyncDisposable {
  /** `embedded`: started by this process or, as a guest, by another Parley on the same data folder. */
  readonly kind: "embedded" | "server";
  readonly embedded: EmbeddedPostgres | null;
  readonly clock: Clock;
  readonly log: StorageLog;
  /**
   * Lends a connection. Throws `overloaded_error` when the database cannot be used within the budget, `api_error` for a
   * statement that it refused; neither's public text says more.
   */
  run<T>(options: RunOptions, work: (database: LentDatabase) => Promise<T>): Promise<T>;
  /** Round trip of an empty query in milliseconds; throws like `run`. */
  ping(): Promise<number>;
  close(): Promise<void>;
}

export interface StorageOptions {
  /** A PostgreSQL 15 or newer; null starts the embedded one below `dataDir`. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  readonly log: StorageLog;
  readonly clock: Clock;
  readonly maxConnections?: number;
  /** How long an outage may last before a caller is told, unless the call says otherwise. */
  readonly outageBudgetMs?: number;
  /** How long a statement may say nothing before it is looked whether the database is there at all. */
  readonly silenceMs?: number;
}

const DEFAULT_OUTAGE_BUDGET_MS = 5_000;
/** A server that is just starting, or recovering from a crash, is waited for at our own start. */
const DEFAULT_OPEN_BUDGET_MS = 15_000;
const DEFAULT_MAX_CONNECTIONS = 10;
const DEFAULT_SILENCE_MS = 4_000;
/** A statement of ours takes milliseconds; one this old waits for something that will not come. */
const STATEMENT_TIMEOUT_MS = 30_000;

/** Opens the database, starts it when it is the embedded one, and migrates it. */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const { databaseUrl, dataDir, log, clock } = options;
  const embedded = databaseUrl === null ? await startEmbeddedPostgres({ directory: join(dataDir, "postgres"), log }) : null;
  const connection = {
    ...(embedded ? embedded.connection : { connectionString: databaseUrl ?? "" }),
    application_name: "parley",
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  };
  const pool = new pg.Pool({
    ...connection,
    max: options.maxConnections ?? DEFAULT_MAX_CONNECTIONS,
    idleTimeoutMillis: 60_000,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    // A frozen server answers nothing at all, not even that the statement timed out.
    query_timeout: STATEMENT_TIMEOUT_MS + 5_000,
  });
  // No time limits here: an index on a large ledger takes longer than any statement of ours, and another node waits for it.
  const migrator = new pg.Pool({ ...connection, max: 1 });
  for (const each of [pool, migrator]) {
    // An idle connection that breaks is only news: the next query opens another.
    each.on("error", (error) => log.warn({ reason: error.message }, "an idle database connection broke"));
    // A lent one breaks between two statements without any query to fail: unheard, its event would end the process.
    each.on("connect", (client) =>
      client.on("error", (error) => log.debug({ reason: error.message }, "a database connection broke")),
    );
  }
  const watch = createSilenceWatch({ connection, silenceMs: options.silenceMs ?? DEFAULT_SILENCE_MS, log });
  let closing: Promise<void> | null = null;
  const close = () => {
    watch.close();
    return (closing ??= closeAll(pool, embedded));
  };
  try {
    const budgetMs = options.outageBudgetMs ?? DEFAULT_OPEN_BUDGET_MS;
    await withConnection(migrator, null, { budgetMs, repeatable: true }, (client) => migrateDatabase(client));
  } catch (error) {
    await close();
    throw toFailure(error, "migrate");
  } finally {
    await migrator.end();
  }
  return {
    kind: embedded ? "embedded" : "server",
    embedded,
    clock,
    log,
    async run({ operation, repeatable, outageBudgetMs }, work) {
      try {
        const policy = { budgetMs: outageBudgetMs ?? options.outageBudgetMs ?? DEFAULT_OUTAGE_BUDGET_MS, repeatable };
        return await withConnection(pool, watch, policy, (client) => work(databaseOn(client)));
      } catch (error) {
        throw toFailure(error, operation);
      }
    },
    async ping() {
      const startedMs = clock.monotonicMs();
      try {
        await withConnection(pool, watch, { budgetMs: 1_000, repeatable: true }, (client) => client.query("select 1"));
      } catch (error) {
        throw toFailure(error, "ping");
      }
      return clock.monotonicMs() - startedMs;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function withConnection<T>(
  pool: pg.Pool,
  watch: SilenceWatch | null,
  policy: { readonly budgetMs: number; readonly repeatable: boolean },
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  return retryThroughOutage(policy, async () => {
    const client = await connect(pool, watch, policy);
    const leave = watch?.enter(client);
    let broken = false;
    try {
      return await work(client);
    } catch (error) {
      // A connection in doubt is thrown away instead of lent to the next.
      broken = classifyDatabaseError(error) === "interrupted";
      throw error;
    } finally {
      leave?.(!broken);
      client.release(broken);
    }
  });
}

/** Connecting has no effect of its own, so whatever breaks here is repeated even for statements that must run once. */
function connect(pool: pg.Pool, watch: SilenceWatch | null, policy: { readonly budgetMs: number }): Promise<pg.PoolClient> {
  return retryThroughOutage({ budgetMs: policy.budgetMs, repeatable: true }, async () => {
    for (;;) {
      const client = await pool.connect();
      if (watch?.isStale(client) !== true) return client;
      client.release(true);
    }
  });
}

const databases = new WeakMap<pg.PoolClient, LentDatabase>();

/** One Drizzle per pooled connection: it is stateless, and building it costs more than a query's own overhead. */
function databaseOn(client: pg.PoolClient): LentDatabase {
  let database = databases.get(client);
  if (!database) {
    database = drizzle({ client });
    databases.set(client, database);
  }
  return database;
}

async function closeAll(pool: pg.Pool, embedded: EmbeddedPostgres | null): Promise<void> {
  try {
    await pool.end();
  } finally {
    await embedded?.close();
  }
}
