/**
 * The tables. Migrations are generated from this file, never edited after they are released:
 * `drizzle-kit generate --dialect postgresql --schema packages/server/src/storage/schema.ts --out packages/server/migrations`
 * (add `--custom` for what Drizzle cannot express, such as a trigger).
 */
import {
  boolean,
  customType,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
} from "drizzle-orm/pg-core";

export {
  claudeCodeSessions,
  turnRecords,
  turnRequests,
  usageDays,
  usageHours,
  usageMinutes,
  usageSeries,
} from "./schema/ledger.ts";
export { limitBuckets, limitClock } from "./schema/limits.ts";
export { files } from "./schema/files.ts";

const bytes = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => "bytea" });

const instant = (name: string) => timestamp(name, { withTimezone: true, mode: "date", precision: 3 });

export const organizations = pgTable("organizations", {
  /** A UUID, as the platform's organization ids are. */
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  createdAt: instant("created_at").notNull(),
});

export const workspaces = pgTable(
  "workspaces",
  {
    id: text("id").primaryKey(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organizations.id),
    name: text("name").notNull(),
    isDefault: boolean("is_default").notNull(),
    createdAt: instant("created_at").notNull(),
    archivedAt: instant("archived_at"),
  },
  (table) => [index("workspaces_organization").on(table.organizationId)],
);

export const apiKeys = pgTable(
  "api_keys",
  {
    id: text("id").primaryKey(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organizations.id),
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id),
    name: text("name").notNull(),
    /** HMAC-SHA256 of the key, base64url. The HMAC's own key is never in the database. */
    secretHmac: text("secret_hmac").notNull(),
    partialHint: text("partial_hint").notNull(),
    status: text("status", { enum: ["active", "inactive", "archived"] }).notNull(),
    createdAt: instant("created_at").notNull(),
    expiresAt: instant("expires_at"),
    lastUsedAt: instant("last_used_at"),
  },
  (table) => [uniqueIndex("api_keys_secret_hmac").on(table.secretHmac), index("api_keys_workspace").on(table.workspaceId)],
);

/** Keys of the Admin API: an organization's, of no workspace. */
export const adminKeys = pgTable(
  "admin_keys",
  {
    id: text("id").primaryKey(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organizations.id),
    name: text("name").notNull(),
    /** As of API keys. */
    secretHmac: text("secret_hmac").notNull(),
    partialHint: text("partial_hint").notNull(),
    status: text("status", { enum: ["active", "archived"] }).notNull(),
    createdAt: instant("created_at").notNull(),
    expiresAt: instant("expires_at"),
    lastUsedAt: instant("last_used_at"),
  },
  (table) => [
    uniqueIndex("admin_keys_secret_hmac").on(table.secretHmac),
    index("admin_keys_organization").on(table.organizationId),
  ],
);

/** One `Idempotency-Key` of one workspace. `status` is null while the first request still runs. */
export const idempotencyEntries = pgTable(
  "idempotency_entries",
  {
    workspaceId: text("workspace_id").notNull(),
    key: text("key").notNull(),
    /** SHA-256 of method, path and body: a key re-used for another request is refused. */
    requestHash: text("request_hash").notNull(),
    /** The request that runs or ran it; only that one may complete or abandon the claim. */
    claimedBy: text("claimed_by").notNull(),
    status: integer("status"),
    headers: jsonb("headers").$type<Readonly<Record<string, string>>>(),
    body: bytes("body"),
    createdAt: instant("created_at").notNull(),
    /** While running: when the claim lapses. Afterwards: when the stored reply is forgotten. */
    expiresAt: instant("expires_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.workspaceId, table.key] }), index("idempotency_entries_expires").on(table.expiresAt)],
);
