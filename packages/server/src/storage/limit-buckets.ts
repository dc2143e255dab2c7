import { lt, sql } from "drizzle-orm";
import { limitBuckets } from "./schema.ts";
import type { Storage } from "./storage.ts";

export interface BucketTakeRow {
  readonly keys: readonly string[];
  readonly limitsPerMinute: readonly number[];
  readonly tokens: readonly number[];
  /** Takes whatever the level. */
  readonly settle: boolean;
}

/** Between which times of the buckets' clock the statement must run. */
export interface ClockExpectation {
  /** How often that clock had been corrected when it was last seen. */
  readonly version: number;
  readonly earliestMs: number;
  readonly latestMs: number;
}

export interface BucketLevels {
  readonly taken: boolean;
  /** In the order of the keys. */
  readonly levelsUnits: readonly number[];
  readonly nowMs: number;
  readonly clockVersion: number;
}

/** One step for all of the buckets. `expectClock` is asked when the connection is there, right before the statement. */
export function takeFromLimitBuckets(
  storage: Storage,
  { keys, limitsPerMinute, tokens, settle }: BucketTakeRow,
  expectClock: () => ClockExpectation | null,
): Promise<BucketLevels> {
  return storage.run({ operation: settle ? "settle limits" : "take from limits", repeatable: false }, async (database) => {
    const expected = expectClock();
    const { rows } = await database.execute<{ taken: boolean; levels: string[]; now_ms: string; clock_version: string }>(
      sql`select * from take_from_limit_buckets(
        ${sql.param(keys)}::text[], ${sql.param(limitsPerMinute)}::bigint[], ${sql.param(tokens)}::bigint[], ${settle},
        ${expected?.version ?? null}::bigint, ${expected?.earliestMs ?? null}::bigint, ${expected?.latestMs ?? null}::bigint)`,
    );
    const [row] = rows;
    return {
      taken: row?.taken ?? false,
      levelsUnits: (row?.levels ?? []).map(Number),
      nowMs: Number(row?.now_ms),
      clockVersion: Number(row?.clock_version),
    };
  });
}

export interface StoredBucket {
  readonly key: string;
  readonly limitPerMinute: number;
  readonly levelUnits: number;
  readonly updatedAtMs: number;
}

/** The buckets among `keys` that were ever taken from, and the time that they go by. */
export function readLimitBuckets(
  storage: Storage,
  keys: readonly string[],
): Promise<{ readonly nowMs: number; readonly buckets: readonly StoredBucket[] }> {
  return storage.run({ operation: "read limits", repeatable: true }, async (database) => {
    const { rows } = await database.execute<{
      now_ms: string;
      key: string | null;
      limit_per_minute: string;
      level_units: string;
      updated_at_ms: string;
    }>(
      sql`select limit_wall_ms() - c.offset_ms as now_ms, b.*
        from limit_clock c left join limit_buckets b on b.key = any(${sql.param(keys)}::text[])`,
    );
    return {
      nowMs: Number(rows[0]?.now_ms),
      buckets: rows.flatMap((row) =>
        row.key === null
          ? []
          : {
              key: row.key,
              limitPerMinute: Number(row.limit_per_minute),
              levelUnits: Number(row.level_units),
              updatedAtMs: Number(row.updated_at_ms),
            },
      ),
    };
  });
}

/** Forgets buckets that are full again and were not asked for lately: a full bucket and none at all are the same. */
export function pruneLimitBuckets(storage: Storage, idleMs: number): Promise<number> {
  return storage.run({ operation: "prune limits", repeatable: true }, async (database) => {
    const before = sql`(select limit_wall_ms() - offset_ms from limit_clock) - ${idleMs}::bigint`;
    const { rowCount } = await database
      .delete(limitBuckets)
      .where(
        sql`${lt(limitBuckets.updatedAtMs, before)} and ${limitBuckets.levelUnits} + ${idleMs}::bigint * ${limitBuckets.limitPerMinute} >= ${limitBuckets.limitPerMinute} * 60000`,
      );
    return rowCount ?? 0;
  });
}
