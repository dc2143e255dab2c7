import { eq, sql } from "drizzle-orm";
import { dataPolicies, files, idempotencyEntries, messageBatches } from "./schema.ts";
import type { Queries, Storage } from "./storage.ts";

/** Whether nothing of the workspace's prompts and replies may be stored. */
export function hasZeroDataRetention(storage: Storage, workspaceId: string): Promise<boolean> {
  return storage.run({ operation: "find data policy", repeatable: true }, (database) =>
    hasZeroDataRetentionOn(database, workspaceId),
  );
}

export async function hasZeroDataRetentionOn(queries: Queries, workspaceId: string): Promise<boolean> {
  const [row] = await queries
    .select({ zero: dataPolicies.zeroDataRetention })
    .from(dataPolicies)
    .where(eq(dataPolicies.workspaceId, workspaceId));
  return row?.zero ?? false;
}

export async function putZeroDataRetentionOn(
  queries: Queries,
  workspaceId: string,
  zero: boolean,
  changedAt: Date,
): Promise<void> {
  await queries
    .insert(dataPolicies)
    .values({ workspaceId, zeroDataRetention: zero, changedAt })
    .onConflictDoUpdate({ target: dataPolicies.workspaceId, set: { zeroDataRetention: zero, changedAt } });
}

/** Files and batches that a workspace has. */
export async function countContentOn(queries: Queries, workspaceId: string): Promise<{ files: number; batches: number }> {
  const count = sql<number>`count(*)::int`;
  const [file] = await queries.select({ count }).from(files).where(eq(files.workspaceId, workspaceId));
  const [batch] = await queries.select({ count }).from(messageBatches).where(eq(messageBatches.workspaceId, workspaceId));
  return { files: file?.count ?? 0, batches: batch?.count ?? 0 };
}

/** Forgets the replies that are kept for `Idempotency-Key`. */
export async function deleteStoredRepliesOn(queries: Queries, workspaceId: string): Promise<void> {
  await queries.delete(idempotencyEntries).where(eq(idempotencyEntries.workspaceId, workspaceId));
}
