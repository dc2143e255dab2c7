import { bigint, bigserial, boolean, doublePrecision, index, pgTable, primaryKey, text, unique } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";

const amount = (name: string) => bigint(name, { mode: "bigint" }).notNull();
const tokens = (name: string) => bigint(name, { mode: "number" }).notNull();

/** What a turn used and what each part of it cost; a rollup sums the same. */
const measures = () => ({
  inputTokens: tokens("input_tokens"),
  cacheReadTokens: tokens("cache_read_tokens"),
  cacheWrite5mTokens: tokens("cache_write_5m_tokens"),
  cacheWrite1hTokens: tokens("cache_write_1h_tokens"),
  outputTokens: tokens("output_tokens"),
  webSearches: tokens("web_searches"),
  inputNanoUsd: amount("input_nano_usd"),
  cacheReadNanoUsd: amount("cache_read_nano_usd"),
  cacheWrite5mNanoUsd: amount("cache_write_5m_nano_usd"),
  cacheWrite1hNanoUsd: amount("cache_write_1h_nano_usd"),
  outputNanoUsd: amount("output_nano_usd"),
  webSearchNanoUsd: amount("web_search_nano_usd"),
});

/**
 * The ledger. Append-only: triggers refuse update, delete and truncate, on each partition too. No foreign keys, so that a
 * turn is accounted even when its key or workspace is gone by the time it ends. Partitioned by the month of `started_at`,
 * which Drizzle cannot express: the migration does, and `record_turns` is the only way in.
 */
export const turnRecords = pgTable(
  "turn_records",
  {
    sequence: bigserial("sequence", { mode: "bigint" }).notNull(),
    requestId: text("request_id").notNull(),
    organizationId: text("organization_id").notNull(),
    workspaceId: text("workspace_id").notNull(),
    apiKeyId: text("api_key_id").notNull(),
    messageId: text("message_id").notNull(),
    model: text("model").notNull(),
    weights: text("weights").notNull(),
    ...measures(),
    thinkingTokens: tokens("thinking_tokens"),
    stopReason: text("stop_reason"),
    outcome: text("outcome"),
    serviceTier: text("service_tier", { enum: ["standard", "priority", "batch"] }).notNull(),
    renderMs: doublePrecision("render_ms").notNull(),
    queueMs: doublePrecision("queue_ms").notNull(),
    restoreMs: doublePrecision("restore_ms").notNull(),
    prefillMs: doublePrecision("prefill_ms").notNull(),
    decodeMs: doublePrecision("decode_ms").notNull(),
    startedAt: instant("started_at").notNull(),
    recordedAt: instant("recorded_at").notNull().defaultNow(),
    inferenceGeo: text("inference_geo").notNull(),
    contextWindow: text("context_window", { enum: ["0-200k", "200k-1M"] }).notNull(),
    product: text("product", { enum: ["messages_api", "message_batches_api", "claude_code"] }).notNull(),
    /** Of a client that says which session a turn belongs to. */
    sessionId: text("session_id"),
    priceReference: text("price_reference").notNull(),
    /** The sum of the six parts among the measures. Computed when the row is made, never again. */
    costNanoUsd: amount("cost_nano_usd"),
    /** Whether credits and spend limits bear it, or it is only recorded. */
    isCharged: boolean("is_charged").notNull(),
    /** The person whose spend limit bears it, where one is known. */
    userId: text("user_id"),
    /** What came before the turn itself; null for a turn of a batch, which came through no door. */
    authMs: doublePrecision("auth_ms"),
    readMs: doublePrecision("read_ms"),
    limitsMs: doublePrecision("limits_ms"),
    /** Where the client asked why its cache missed. */
    cacheMissReason: text("cache_miss_reason"),
    missedInputTokens: bigint("missed_input_tokens", { mode: "number" }),
  },
  (table) => [
    primaryKey({ columns: [table.sequence, table.startedAt] }),
    index("turn_records_organization_started").on(table.organizationId, table.startedAt, table.requestId),
    index("turn_records_workspace_started").on(table.workspaceId, table.startedAt),
  ],
);

/** Keeps a request id unique over all partitions, whose own unique indexes would have to contain the time. */
export const turnRequests = pgTable("turn_requests", {
  requestId: text("request_id").primaryKey(),
  startedAt: instant("started_at").notNull(),
});

/** What rollups are kept apart by. A rollup's row is small because this is said once. */
export const usageSeries = pgTable(
  "usage_series",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    organizationId: text("organization_id").notNull(),
    workspaceId: text("workspace_id").notNull(),
    apiKeyId: text("api_key_id").notNull(),
    model: text("model").notNull(),
    serviceTier: text("service_tier").notNull(),
    inferenceGeo: text("inference_geo").notNull(),
    contextWindow: text("context_window").notNull(),
    product: text("product").notNull(),
  },
  (table) => [
    unique("usage_series_dimensions").on(
      table.organizationId,
      table.workspaceId,
      table.apiKeyId,
      table.model,
      table.serviceTier,
      table.inferenceGeo,
      table.contextWindow,
      table.product,
    ),
  ],
);

const rollupColumns = () => ({
  seriesId: bigint("series_id", { mode: "number" }).notNull(),
  /** Where it begins, in UTC. */
  bucket: instant("bucket").notNull(),
  requests: tokens("requests"),
  ...measures(),
  chargedNanoUsd: amount("charged_nano_usd"),
});

/** Sums of the ledger a minute, an hour and a day, by the turn's start; written with the row by `record_turns`. */
export const usageMinutes = pgTable("usage_minutes", rollupColumns(), (table) => [
  primaryKey({ columns: [table.seriesId, table.bucket] }),
]);
export const usageHours = pgTable("usage_hours", rollupColumns(), (table) => [
  primaryKey({ columns: [table.seriesId, table.bucket] }),
]);
export const usageDays = pgTable("usage_days", rollupColumns(), (table) => [
  primaryKey({ columns: [table.seriesId, table.bucket] }),
]);

/** What an organization's own sums are kept apart by: neither workspaces nor keys, of which there may be any number. */
export const usageOrganizationSeries = pgTable(
  "usage_organization_series",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    organizationId: text("organization_id").notNull(),
    model: text("model").notNull(),
    serviceTier: text("service_tier").notNull(),
    inferenceGeo: text("inference_geo").notNull(),
    contextWindow: text("context_window").notNull(),
    product: text("product").notNull(),
  },
  (table) => [
    unique("usage_organization_series_dimensions").on(
      table.organizationId,
      table.model,
      table.serviceTier,
      table.inferenceGeo,
      table.contextWindow,
      table.product,
    ),
  ],
);

/** The same sums for whole organizations: reports that ask for neither workspace nor key read few rows, however many keys there are. */
export const usageOrganizationMinutes = pgTable("usage_organization_minutes", rollupColumns(), (table) => [
  primaryKey({ columns: [table.seriesId, table.bucket] }),
]);
export const usageOrganizationHours = pgTable("usage_organization_hours", rollupColumns(), (table) => [
  primaryKey({ columns: [table.seriesId, table.bucket] }),
]);
export const usageOrganizationDays = pgTable("usage_organization_days", rollupColumns(), (table) => [
  primaryKey({ columns: [table.seriesId, table.bucket] }),
]);

/** Sessions of Claude Code, each once a day and key. */
export const claudeCodeSessions = pgTable(
  "claude_code_sessions",
  {
    organizationId: text("organization_id").notNull(),
    day: instant("day").notNull(),
    apiKeyId: text("api_key_id").notNull(),
    sessionId: text("session_id").notNull(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.day, table.apiKeyId, table.sessionId] })],
);
