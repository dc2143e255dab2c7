import { eq } from "drizzle-orm";
import { dataPolicies, workspaces } from "./schema.ts";
import type { Queries, Storage } from "./storage.ts";

export type DataPolicyValues = Pick<
  typeof dataPolicies.$inferSelect,
  "zeroDataRetention" | "retentionDays" | "fileRetentionDays"
>;

const USUAL: DataPolicyValues = { zeroDataRetention: false, retentionDays: null, fileRetentionDays: null };

export function findDataPolicy(storage: Storage, workspaceId: string): Promise<DataPolicyValues> {
  return storage.run({ operation: "find data policy", repeatable: true }, (database) => findDataPolicyOn(database, workspaceId));
}

export async function findDataPolicyOn(queries: Queries, workspaceId: string): Promise<DataPolicyValues> {
  const { zeroDataRetention, retentionDays, fileRetentionDays } = dataPolicies;
  const [row] = await queries
    .select({ zeroDataRetention, retentionDays, fileRetentionDays })
    .from(dataPolicies)
    .where(eq(dataPolicies.workspaceId, workspaceId));
  return row ?? USUAL;
}

/**
 * Whether what came in for a workspace may be stored still: it is not deleted and has not been told to keep nothing. Until the
 * caller's transaction ends neither can happen, so that whoever empties it then finds what was stored.
 */
export async function keepsContentOn(queries: Queries, workspaceId: string): Promise<boolean> {
  const [workspace] = await queries
    .select({ deletedAt: workspaces.deletedAt })
    .from(workspaces)
    .where(eq(workspaces.id, workspaceId))
    .for("share");
  if (workspace?.deletedAt) return false;
  const [policy] = await queries
    .select({ zeroDataRetention: dataPolicies.zeroDataRetention })
    .from(dataPolicies)
    .where(eq(dataPolicies.workspaceId, workspaceId))
    .for("share");
  return policy?.zeroDataRetention !== true;
}

export async function putDataPolicyOn(
  queries: Queries,
  workspaceId: string,
  values: DataPolicyValues,
  changedAt: Date,
): Promise<void> {
  await queries
    .insert(dataPolicies)
    .values({ workspaceId, ...values, changedAt })
    .onConflictDoUpdate({ target: dataPolicies.workspaceId, set: { ...values, changedAt, emptiedAt: null } });
}
