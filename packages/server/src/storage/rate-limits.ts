import { and, asc, eq, sql } from "drizzle-orm";
import { organizationTiers, priorityCommitments, workspaceRateLimits } from "./schema.ts";
import type { Database, Storage } from "./storage.ts";

export interface OrganizationTierRow {
  readonly tier: string;
  readonly customLimits: unknown;
}

export interface WorkspaceRateLimitRow {
  readonly group: string;
  readonly type: string;
  readonly value: number;
}

export function findOrganizationTier(storage: Storage, organizationId: string): Promise<OrganizationTierRow | null> {
  return storage.run({ operation: "find tier", repeatable: true }, (database) =>
    findOrganizationTierOn(database, organizationId),
  );
}

export async function findOrganizationTierOn(
  database: Pick<Database, "select">,
  organizationId: string,
): Promise<OrganizationTierRow | null> {
  const [row] = await database
    .select({ tier: organizationTiers.tier, customLimits: organizationTiers.customLimits })
    .from(organizationTiers)
    .where(eq(organizationTiers.organizationId, organizationId));
  return row ?? null;
}

/** Sets an organization's tier, whatever it had. */
export async function putOrganizationTierOn(
  database: Pick<Database, "insert">,
  organizationId: string,
  { tier, customLimits }: OrganizationTierRow,
  changedAt: Date,
): Promise<void> {
  await database
    .insert(organizationTiers)
    .values({ organizationId, tier, customLimits, changedAt })
    .onConflictDoUpdate({ target: organizationTiers.organizationId, set: { tier, customLimits, changedAt } });
}

export function listWorkspaceRateLimits(storage: Storage, workspaceId: string): Promise<WorkspaceRateLimitRow[]> {
  return storage.run({ operation: "list workspace rate limits", repeatable: true }, (database) =>
    listWorkspaceRateLimitsOn(database, workspaceId),
  );
}

export function listWorkspaceRateLimitsOn(
  database: Pick<Database, "select">,
  workspaceId: string,
): Promise<WorkspaceRateLimitRow[]> {
  return database
    .select({ group: workspaceRateLimits.group, type: workspaceRateLimits.type, value: workspaceRateLimits.value })
    .from(workspaceRateLimits)
    .where(eq(workspaceRateLimits.workspaceId, workspaceId))
    .orderBy(asc(workspaceRateLimits.group), asc(workspaceRateLimits.type));
}

/** Sets the limits that have a value and clears those that are null. */
export async function changeWorkspaceRateLimitsOn(
  database: Pick<Database, "insert" | "delete">,
  workspaceId: string,
  group: string,
  changes: readonly { readonly type: string; readonly value: number | null }[],
): Promise<void> {
  for (const { type, value } of changes) {
    if (value === null) {
      const { workspaceId: workspace, group: groupColumn, type: typeColumn } = workspaceRateLimits;
      await database
        .delete(workspaceRateLimits)
        .where(and(eq(workspace, workspaceId), eq(groupColumn, group), eq(typeColumn, type)));
    } else {
      await database
        .insert(workspaceRateLimits)
        .values({ workspaceId, group, type, value })
        .onConflictDoUpdate({
          target: [workspaceRateLimits.workspaceId, workspaceRateLimits.group, workspaceRateLimits.type],
          set: { value: sql`excluded.value` },
        });
    }
  }
}

export interface PriorityCommitmentRow {
  readonly modelClass: string;
  readonly inputTokensPerMinute: number;
  readonly outputTokensPerMinute: number;
}

export function listPriorityCommitments(storage: Storage, organizationId: string): Promise<PriorityCommitmentRow[]> {
  return storage.run({ operation: "list priority commitments", repeatable: true }, (database) =>
    listPriorityCommitmentsOn(database, organizationId),
  );
}

export function listPriorityCommitmentsOn(
  database: Pick<Database, "select">,
  organizationId: string,
): Promise<PriorityCommitmentRow[]> {
  const { modelClass, inputTokensPerMinute, outputTokensPerMinute } = priorityCommitments;
  return database
    .select({ modelClass, inputTokensPerMinute, outputTokensPerMinute })
    .from(priorityCommitments)
    .where(eq(priorityCommitments.organizationId, organizationId));
}

/** Sets the commitment for one class of models; null ends it. */
export async function putPriorityCommitmentOn(
  database: Pick<Database, "insert" | "delete">,
  organizationId: string,
  modelClass: string,
  commitment: Omit<PriorityCommitmentRow, "modelClass"> | null,
): Promise<void> {
  if (commitment === null) {
    await database
      .delete(priorityCommitments)
      .where(and(eq(priorityCommitments.organizationId, organizationId), eq(priorityCommitments.modelClass, modelClass)));
    return;
  }
  await database
    .insert(priorityCommitments)
    .values({ organizationId, modelClass, ...commitment })
    .onConflictDoUpdate({ target: [priorityCommitments.organizationId, priorityCommitments.modelClass], set: commitment });
}
