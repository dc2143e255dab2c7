/** Organizations, their people, workspaces and keys, and the log of what was done to them. */
import { sql } from "drizzle-orm";
import { bigint, boolean, index, jsonb, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";

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
    /** `#RRGGBB`, for the Console. */
    displayColor: text("display_color").notNull().default("#6C5BB9"),
    tags: jsonb("tags").$type<Readonly<Record<string, string>>>().notNull().default({}),
    /** Null: unrestricted. */
    allowedInferenceGeos: jsonb("allowed_inference_geos").$type<readonly ("global" | "us")[]>(),
    defaultInferenceGeo: text("default_inference_geo", { enum: ["global", "us"] })
      .notNull()
      .default("global"),
    compartmentId: text("compartment_id")
      .notNull()
      .default(sql`gen_random_uuid()::text`),
    createdAt: instant("created_at").notNull(),
    archivedAt: instant("archived_at"),
    /** From then on its name is only what the books call it. */
    deletedAt: instant("deleted_at"),
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
    /** The person who made it; null: the command line or the first start did. */
    createdByUserId: text("created_by_user_id"),
    /** The key that this one replaces after a rotation. */
    rotatedFromId: text("rotated_from_id"),
    expiresAt: instant("expires_at"),
    lastUsedAt: instant("last_used_at"),
    /** What its requests may be signed as in the way of AWS; null: they may not. The secret follows from it and is not here. */
    awsAccessKeyId: text("aws_access_key_id"),
  },
  (table) => [
    uniqueIndex("api_keys_secret_hmac").on(table.secretHmac),
    uniqueIndex("api_keys_aws_access_key_id").on(table.awsAccessKeyId),
    index("api_keys_workspace").on(table.workspaceId),
    index("api_keys_organization").on(table.organizationId, table.createdAt),
  ],
);

const ORGANIZATION_ROLES = [
  "user",
  "developer",
  "billing",
  "claude_code_user",
  "managed",
  "admin",
  "owner",
  "primary_owner",
  "membership_admin",
] as const;

/** People of an organization. Who was removed is gone from here; the audit log remembers. */
export const users = pgTable(
  "users",
  {
    id: text("id").primaryKey(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organizations.id),
    email: text("email").notNull(),
    /** The address as it is compared: `normalizeEmail`. */
    emailKey: text("email_key").notNull(),
    name: text("name").notNull(),
    role: text("role", { enum: ORGANIZATION_ROLES }).notNull(),
    createdAt: instant("created_at").notNull(),
  },
  (table) => [
    uniqueIndex("users_email").on(table.organizationId, table.emailKey),
    index("users_organization").on(table.organizationId, table.createdAt),
  ],
);

/** Whether it is pending or expired is told by the clock. */
export const invites = pgTable(
  "invites",
  {
    id: text("id").primaryKey(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organizations.id),
    email: text("email").notNull(),
    emailKey: text("email_key").notNull(),
    role: text("role", { enum: ORGANIZATION_ROLES }).notNull(),
    createdAt: instant("created_at").notNull(),
    expiresAt: instant("expires_at").notNull(),
    acceptedAt: instant("accepted_at"),
    deletedAt: instant("deleted_at"),
  },
  (table) => [
    index("invites_organization").on(table.organizationId, table.createdAt),
    index("invites_email").on(table.organizationId, table.emailKey),
  ],
);

export const workspaceMembers = pgTable(
  "workspace_members",
  {
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id),
    /** The user's: pages of members begin and end with it. */
    id: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    role: text("workspace_role", {
      enum: ["workspace_user", "workspace_developer", "workspace_restricted_developer", "workspace_admin", "workspace_billing"],
    }).notNull(),
    createdAt: instant("created_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.workspaceId, table.id] }), index("workspace_members_user").on(table.id)],
);

/**
 * What was done to an organization, by whom. Append-only by a trigger, and each row's hash covers the row before it:
 * `audit-log.ts`.
 */
export const auditLog = pgTable(
  "audit_log",
  {
    organizationId: text("organization_id").notNull(),
    /** From 1 on in each organization, without gaps. */
    sequence: bigint("sequence", { mode: "number" }).notNull(),
    at: instant("at").notNull(),
    actorType: text("actor_type", { enum: ["admin_api_key", "api_key", "user", "cli", "system"] }).notNull(),
    actorId: text("actor_id").notNull(),
    action: text("action").notNull(),
    targetType: text("target_type").notNull(),
    targetId: text("target_id").notNull(),
    before: jsonb("before").$type<Readonly<Record<string, unknown>>>(),
    after: jsonb("after").$type<Readonly<Record<string, unknown>>>(),
    requestId: text("request_id"),
    previousHash: text("previous_hash").notNull(),
    hash: text("hash").notNull(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.sequence] })],
);

/** The newest row of each chain: what a removed tail is found by, and the lock under which an organization is changed. */
export const auditHeads = pgTable("audit_heads", {
  organizationId: text("organization_id").primaryKey(),
  sequence: bigint("sequence", { mode: "number" }).notNull(),
  hash: text("hash").notNull(),
});

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
