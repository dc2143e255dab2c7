import { sql } from "drizzle-orm";
import { bigint, boolean, index, integer, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";

export const messageBatches = pgTable(
  "message_batches",
  {
    id: text("id").primaryKey(),
    organizationId: text("organization_id").notNull(),
    workspaceId: text("workspace_id").notNull(),
    apiKeyId: text("api_key_id").notNull(),
    /** Whom the key acts for, and whose spend limit bears it. */
    userId: text("user_id"),
    /** `creating` while its body comes in: to clients it is not there yet. */
    status: text("status", { enum: ["creating", "in_progress", "canceling", "ended"] }).notNull(),
    /** The dialect in which each request is read. */
    version: text("version").notNull(),
    betas: jsonb("betas").$type<readonly string[]>().notNull(),
    isBeta: boolean("is_beta").notNull(),
    createdAt: instant("created_at").notNull(),
    expiresAt: instant("expires_at").notNull(),
    cancelInitiatedAt: instant("cancel_initiated_at"),
    endedAt: instant("ended_at"),
    archivedAt: instant("archived_at"),
    /** The blob of the requests; null once they are no longer needed. */
    requestsKey: text("requests_key"),
    /** The blob of the results; null before the end and after the archival. */
    resultsKey: text("results_key"),
    resultsBytes: bigint("results_bytes", { mode: "number" }),
    requests: integer("requests").notNull(),
    succeeded: integer("succeeded").notNull(),
    errored: integer("errored").notNull(),
    canceled: integer("canceled").notNull(),
    expired: integer("expired").notNull(),
  },
  (table) => [
    index("message_batches_workspace_created").on(table.workspaceId, table.createdAt, table.id),
    index("message_batches_kept")
      .on(table.createdAt)
      .where(sql`status = 'ended' and archived_at is null`),
    index("message_batches_open")
      .on(table.createdAt)
      .where(sql`status <> 'ended' or requests_key is not null`),
  ],
);

/** One request of a batch that has not ended; the rows go when the results are a blob. */
export const batchItems = pgTable(
  "batch_items",
  {
    batchId: text("batch_id").notNull(),
    position: integer("position").notNull(),
    customId: text("custom_id").notNull(),
    /** Of its result and of its row on the ledger, however often it is tried. */
    requestId: text("request_id").notNull(),
    /** Where its bytes are in the blob of the requests. */
    start: bigint("start", { mode: "number" }).notNull(),
    length: integer("length").notNull(),
    /** Requests with a common beginning stand together in its order. */
    prefixKey: text("prefix_key").notNull(),
    status: text("status", { enum: ["queued", "running", "succeeded", "errored", "canceled", "expired"] }).notNull(),
    attempts: integer("attempts").notNull(),
    /** Who runs it, and until when the others leave it alone. */
    leaseToken: text("lease_token"),
    leaseUntil: instant("lease_until"),
    /** JSON of the result. */
    result: text("result"),
    /** JSON of the turn's row while the ledger may not have it yet. */
    turnRecord: text("turn_record"),
  },
  (table) => [
    primaryKey({ columns: [table.batchId, table.position] }),
    index("batch_items_queued")
      .on(table.batchId, table.prefixKey, table.position)
      .where(sql`status = 'queued'`),
    index("batch_items_leased")
      .on(table.leaseUntil)
      .where(sql`status = 'running' or turn_record is not null`),
    index("batch_items_open")
      .on(table.batchId)
      .where(sql`status in ('queued', 'running') or turn_record is not null`),
  ],
);
