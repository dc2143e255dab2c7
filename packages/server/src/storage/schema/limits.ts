import { bigint, boolean, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";

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

/** The tier of an organization; without a row it has the configuration's limits. */
export const organizationTiers = pgTable("organization_tiers", {
  organizationId: text("organization_id").primaryKey(),
  tier: text("tier").notNull(),
  /** Of the tier `custom`: its limits. */
  customLimits: jsonb("custom_limits"),
  changedAt: instant("changed_at").notNull(),
});

/** A workspace's own limits, by group and the platform's name of the limiter. */
export const workspaceRateLimits = pgTable(
  "workspace_rate_limits",
  {
    workspaceId: text("workspace_id").notNull(),
    group: text("group_key").notNull(),
    type: text("type").notNull(),
    value: bigint("value", { mode: "number" }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.workspaceId, table.group, table.type] })],
);

/** Capacity that an organization is promised for a class of models: its Priority Tier. */
export const priorityCommitments = pgTable(
  "priority_commitments",
  {
    organizationId: text("organization_id").notNull(),
    modelClass: text("model_class").notNull(),
    inputTokensPerMinute: bigint("input_tokens_per_minute", { mode: "number" }).notNull(),
    outputTokensPerMinute: bigint("output_tokens_per_minute", { mode: "number" }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.modelClass] })],
);
