import { bigint, boolean, pgTable, text } from "drizzle-orm/pg-core";

/**
 * Token buckets that nodes share; see limits/token-bucket.ts for the units. Written by take_from_limit_buckets() only, so
 * that a bucket is read and changed in one step under the server's own clock.
 */
export const limitBuckets = pgTable("limit_buckets", {
  key: text("key").primaryKey(),
  limitPerMinute: bigint("limit_per_minute", { mode: "number" }).notNull(),
  levelUnits: bigint("level_units", { mode: "number" }).notNull(),
  updatedAtMs: bigint("updated_at_ms", { mode: "number" }).notNull(),
});

/** One row: how far the server's wall clock is from the time that buckets go by, and how often that was corrected. */
export const limitClock = pgTable("limit_clock", {
  id: boolean("id").primaryKey().default(true),
  offsetMs: bigint("offset_ms", { mode: "number" }).notNull(),
  version: bigint("version", { mode: "number" }).notNull(),
});
