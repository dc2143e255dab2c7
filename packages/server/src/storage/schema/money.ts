import { bigint, index, pgTable, primaryKey, text, unique } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";

const amount = (name: string) => bigint(name, { mode: "bigint" });

/**
 * One row an organization, locked by whoever holds or settles its money: so two processes cannot both take the last dollar.
 * Written by the functions of the migrations alone.
 */
export const spendAccounts = pgTable("spend_accounts", {
  organizationId: text("organization_id").primaryKey(),
  /** All that was ever charged. */
  chargedNanoUsd: amount("charged_nano_usd").notNull(),
  /** What was charged when no credit was left; the next grant pays it first. */
  debtNanoUsd: amount("debt_nano_usd").notNull(),
});

/** Credits, used oldest first. */
export const creditGrants = pgTable(
  "credit_grants",
  {
    id: text("id").primaryKey(),
    organizationId: text("organization_id").notNull(),
    kind: text("kind", { enum: ["signup", "grant", "purchase"] }).notNull(),
    /** Granting one reference twice grants once. */
    reference: text("reference").notNull(),
    amountNanoUsd: amount("amount_nano_usd").notNull(),
    remainingNanoUsd: amount("remaining_nano_usd").notNull(),
    grantedAt: instant("granted_at").notNull(),
    expiresAt: instant("expires_at"),
  },
  (table) => [unique("credit_grants_reference").on(table.organizationId, table.reference)],
);

export const spendLimits = pgTable(
  "spend_limits",
  {
    id: text("id").primaryKey(),
    organizationId: text("organization_id").notNull(),
    scopeType: text("scope_type", { enum: ["organization", "workspace", "api_key", "user", "usage_tier"] }).notNull(),
    /** Of an organization or its usage tier the organization's id. */
    scopeId: text("scope_id").notNull(),
    period: text("period", { enum: ["daily", "weekly", "monthly"] }).notNull(),
    /** Null: explicitly none. */
    amountNanoUsd: amount("amount_nano_usd"),
    createdAt: instant("created_at").notNull(),
    updatedAt: instant("updated_at").notNull(),
  },
  (table) => [unique("spend_limits_scope").on(table.organizationId, table.scopeType, table.scopeId, table.period)],
);

/** What was charged, a day in UTC and a scope; the windows of limits are sums of it. */
export const spendDays = pgTable(
  "spend_days",
  {
    organizationId: text("organization_id").notNull(),
    scopeType: text("scope_type").notNull(),
    scopeId: text("scope_id").notNull(),
    day: instant("day").notNull(),
    spentNanoUsd: amount("spent_nano_usd").notNull(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.scopeType, table.scopeId, table.day] })],
);

/** What is held for turns under way, by scope: the sum of `spend_holds`. */
export const spendScopes = pgTable(
  "spend_scopes",
  {
    organizationId: text("organization_id").notNull(),
    scopeType: text("scope_type").notNull(),
    scopeId: text("scope_id").notNull(),
    heldNanoUsd: amount("held_nano_usd").notNull(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.scopeType, table.scopeId] })],
);

/** Money held for a turn under way. One that is neither settled nor released lapses. */
export const spendHolds = pgTable("spend_holds", {
  requestId: text("request_id").primaryKey(),
  organizationId: text("organization_id").notNull(),
  workspaceId: text("workspace_id").notNull(),
  apiKeyId: text("api_key_id").notNull(),
  userId: text("user_id"),
  amountNanoUsd: amount("amount_nano_usd").notNull(),
  /** The process that renews it. */
  holder: text("holder").notNull(),
  /** Moves on while its turn runs. Nobody compares it with a clock, which may be set: see `createHoldWatch`. */
  expiresAt: instant("expires_at").notNull(),
});

/** Members' requests for a higher limit of their own. */
export const spendIncreaseRequests = pgTable(
  "spend_increase_requests",
  {
    id: text("id").primaryKey(),
    organizationId: text("organization_id").notNull(),
    userId: text("user_id").notNull(),
    period: text("period", { enum: ["daily", "weekly", "monthly"] }).notNull(),
    status: text("status", { enum: ["pending", "approved", "denied"] }).notNull(),
    createdAt: instant("created_at").notNull(),
    resolvedAt: instant("resolved_at"),
    resolvedByType: text("resolved_by_type"),
    resolvedById: text("resolved_by_id"),
  },
  (table) => [index("spend_increase_requests_organization").on(table.organizationId, table.createdAt)],
);
