import { sql } from "drizzle-orm";
import type { Clock } from "../platform/clock.ts";
import type { Storage } from "./storage.ts";

export interface SharedClock extends Clock, Disposable {}

const READ_EVERY_MS = 30_000;
/** One that was under way for longer says too little of when the database looked at its clock. */
const TRIP_MAX_MS = 1_000;
/** From here somebody should look after the machine's own clock. */
const NOTED_SKEW_MS = 5_000;

/**
 * The database's clock, read now and then and carried on by this process's monotonic one: nodes whose own clocks differ agree on when a key,
 * a claim or a lease ends. Throws like `storage.run`.
 */
export async function openSharedClock(storage: Storage, own: Clock, readEveryMs = READ_EVERY_MS): Promise<SharedClock> {
  let at = await read(storage, own);
  const skewMs = Math.round(own.nowMs() - nowOf(at, own));
  if (Math.abs(skewMs) > NOTED_SKEW_MS) {
    storage.log.warn({ skewMs }, "this machine's clock differs from the database's, which is the one that counts");
  }
  const timer = setInterval(() => {
    read(storage, own).then(
      (reading) => {
        if (reading.tripMs <= TRIP_MAX_MS) at = reading;
      },
      // While the database is away the last reading goes on.
      () => {},
    );
  }, readEveryMs);
  timer.unref();
  return {
    nowMs: () => Math.round(nowOf(at, own)),
    monotonicMs: () => own.monotonicMs(),
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

interface Reading {
  readonly nowMs: number;
  readonly readAtMs: number;
  readonly tripMs: number;
}

const nowOf = ({ nowMs, readAtMs }: Reading, own: Clock): number => nowMs + own.monotonicMs() - readAtMs;

function read(storage: Storage, own: Clock): Promise<Reading> {
  return storage.run({ operation: "read the clock", repeatable: true }, async (database) => {
    const sentAtMs = own.monotonicMs();
    const { rows } = await database.execute<{ now_ms: number }>(
      sql`select (extract(epoch from clock_timestamp()) * 1000)::float8 as now_ms`,
    );
    const receivedAtMs = own.monotonicMs();
    const nowMs = rows[0]?.now_ms;
    if (nowMs === undefined) throw new Error("a query without a table has one row");
    return { nowMs, readAtMs: (sentAtMs + receivedAtMs) / 2, tripMs: receivedAtMs - sentAtMs };
  });
}
