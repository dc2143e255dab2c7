/**
 * The tables. Migrations are generated from this file, never edited after they are released:
 * `drizzle-kit generate --dialect postgresql --schema packages/server/src/storage/schema.ts --out packages/server/migrations`
 * (add `--custom` for what Drizzle cannot express, such as a trigger).
 */
import { index, integer, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { bytes, instant } from "./schema/columns.ts";

export {
  adminKeys,
  apiKeys,
  auditHeads,
  auditLog,
  invites,
  organizations,
  users,
  workspaceMembers,
  workspaces,
} from "./schema/tenancy.ts";
export {
  claudeCodeSessions,
  turnRecords,
  turnRequests,
  usageDays,
  usageHours,
  usageMinutes,
  usageOrganizationDays,
  usageOrganizationHours,
  usageOrganizationMinutes,
  usageOrganizationSeries,
  usageSeries,
} from "./schema/ledger.ts";
export { requestFailures } from "./schema/request-failures.ts";
export { batchItems, messageBatches } from "./schema/batches.ts";
export { installation } from "./schema/installation.ts";
export { dataPolicies } from "./schema/data-policies.ts";
export { prompts, promptVersions } from "./schema/prompts.ts";
export { containers } from "./schema/containers.ts";
export { deviceGrants, deviceTokens } from "./schema/device-sign-in.ts";
export { drainedUpstreams, routeReloadAnswers, routeReloads } from "./schema/routes.ts";
export { files } from "./schema/files.ts";
export { skills, skillVersions } from "./schema/skills.ts";
export {
  creditGrants,
  spendAccounts,
  spendDays,
  spendHolds,
  spendIncreaseRequests,
  spendLimits,
  spendScopes,
} from "./schema/money.ts";
export { limitBuckets, limitClock, organizationTiers, priorityCommitments, workspaceRateLimits } from "./schema/limits.ts";
export { searchDocuments, searchPassages } from "./schema/search-index.ts";
export { spendAlertDeliveries, spendAlerts } from "./schema/spend-alerts.ts";
export { sessions, signInTickets, userCredentials, userIdentities, userRecoveryCodes } from "./schema/sign-in.ts";

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
