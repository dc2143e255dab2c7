import { doublePrecision, index, integer, pgTable, text } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";

/**
 * Requests for a turn that failed, for the log of requests. What a turn had used before it failed is on the ledger, under the
 * same id: there it counts, and here it may be missing.
 */
export const requestFailures = pgTable(
  "request_failures",
  {
    requestId: text("request_id").primaryKey(),
    organizationId: text("organization_id").notNull(),
    workspaceId: text("workspace_id").notNull(),
    apiKeyId: text("api_key_id").notNull(),
    userId: text("user_id"),
    /** As the client wrote it; null where it wrote none. */
    model: text("model"),
    status: integer("status").notNull(),
    errorType: text("error_type").notNull(),
    /** What the client was told; null under zero data retention, as it may quote the request. */
    errorMessage: text("error_message"),
    durationMs: doublePrecision("duration_ms").notNull(),
    authMs: doublePrecision("auth_ms"),
    startedAt: instant("started_at").notNull(),
  },
  (table) => [
    index("request_failures_organization_started").on(table.organizationId, table.startedAt, table.requestId),
    index("request_failures_workspace_started").on(table.workspaceId, table.startedAt, table.requestId),
    index("request_failures_started").on(table.startedAt),
  ],
);
