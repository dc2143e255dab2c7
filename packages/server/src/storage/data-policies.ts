import { eq } from "drizzle-orm";
import { dataPolicies } from "./schema.ts";
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
