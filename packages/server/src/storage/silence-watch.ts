import pg from "pg";
import type { StorageLog } from "./log.ts";
import { classifyDatabaseError } from "./outage.ts";

export interface SilenceWatch {
  /** A statement runs on this connection until the returned function is called. */
  enter(client: pg.PoolClient): (isAnswered: boolean) => void;
  /** Whether it was opened before the database was last found to be away. */
  isStale(client: pg.PoolClient): boolean;
  close(): void;
}

export interface SilenceWatchOptions {
  readonly connection: pg.ClientConfig;
  /** A statement of this age is reason to look whether the database is there, on another connection; that may take as long. */
  readonly silenceMs: number;
  readonly log: StorageLog;
}

interface Running {
  readonly client: pg.PoolClient;
  readonly sinceMs: number;
}

/**
 * A network that drops packets breaks no connection: statements would wait for their own time limit, which has to be long, as some take long.
 * So where one is slow, a new connection is tried; where that fails, too, all that were there before are closed, and who waits on them is told.
 */
export function createSilenceWatch({ connection, silenceMs, log }: SilenceWatchOptions): SilenceWatch {
  const running = new Set<Running>();
  const generations = new WeakMap<pg.PoolClient, number>();
  let generation = 0;
  let answeredAtMs = 0;
  let isLooking = false;
  const timer = setInterval(() => void look(), silenceMs / 4);
  timer.unref();

  async function look(): Promise<void> {
    const nowMs = performance.now();
    // The first is the oldest.
    const [oldest] = running;
    if (isLooking || oldest === undefined || nowMs - oldest.sinceMs < silenceMs) return;
    isLooking = true;
    try {
      if (
        (await isThere({ ...connection, connectionTimeoutMillis: silenceMs, query_timeout: silenceMs })) ||
        answeredAtMs >= nowMs
      )
        return;
      generation += 1;
      const lost = [...running].filter(({ sinceMs }) => sinceMs < nowMs);
      log.warn({ statements: lost.length }, "the database says nothing: its connections are closed");
      // Its statement fails, as of a connection that broke. What a pool lends is a client of its driver's.
      for (const { client } of lost) void (client as pg.PoolClient & pg.Client).end();
    } finally {
      isLooking = false;
    }
  }

  return {
    enter(client) {
      if (!generations.has(client)) generations.set(client, generation);
      const entry = { client, sinceMs: performance.now() };
      running.add(entry);
      return (isAnswered) => {
        running.delete(entry);
        if (isAnswered) answeredAtMs = performance.now();
      };
    },
    isStale: (client) => (generations.get(client) ?? generation) < generation,
    close: () => clearInterval(timer),
  };
}

/** One that refuses us is there. */
async function isThere(connection: pg.ClientConfig): Promise<boolean> {
  const client = new pg.Client(connection);
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("select 1");
    return true;
  } catch (error) {
    const kind = classifyDatabaseError(error);
    return kind === "exhausted" || kind === "statement";
  } finally {
    void client.end().catch(() => {});
  }
}
