/** What is kept for how long, over the tables that hold content. */
import { and, eq, inArray, isNull, or, sql, type SQL } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import { dataPolicies, files, idempotencyEntries } from "./schema.ts";
import type { Queries, Storage } from "./storage.ts";

/** The days that the workspace of a row keeps prompts and replies. */
function retentionDaysOf(workspaceId: PgColumn, defaultDays: number): SQL<number> {
  return sql<number>`coalesce((select p.retention_days from workspace_data_policies p where p.workspace_id = ${workspaceId}), ${defaultDays}::int)`;
}

/**
 * Whether what a row holds is older than its workspace keeps it. The first bound is the same for all rows, so that an index
 * on the time finds them; the second is the workspace's own.
 */
export function isKeptNoLonger(at: PgColumn, workspaceId: PgColumn, now: Date, defaultDays: number): SQL<boolean> {
  const instant = sql`${now.toISOString()}::timestamptz`;
  const shortest = sql`least(${defaultDays}::int, (select min(p.retention_days) from workspace_data_policies p))`;
  return sql<boolean>`(${at} <= ${instant} - ${shortest} * interval '24 hours'
    and ${at} <= ${instant} - ${retentionDaysOf(workspaceId, defaultDays)} * interval '24 hours')`;
}

/**
 * Files expire at the latest when their workspace says, those of before it said so too. `workspaceId`: only one's. Null: of
 * those that said so within a day, as files that come later are told their end when they come.
 */
export async function limitFileLivesOn(queries: Queries, workspaceId: string | null): Promise<void> {
  await queries.execute(sql`
    update files f set expires_at = f.created_at + p.file_retention_days * interval '24 hours'
    from workspace_data_policies p
    where p.workspace_id = f.workspace_id and p.file_retention_days is not null and f.content_removed_at is null
      and (case when ${workspaceId}::text is null then p.changed_at > now() - interval '1 day' else f.workspace_id = ${workspaceId} end)
      and (f.expires_at is null or f.expires_at > f.created_at + p.file_retention_days * interval '24 hours')`);
}

export async function limitFileLives(storage: Storage): Promise<void> {
  await storage.run({ operation: "limit file lives", repeatable: true }, (database) => limitFileLivesOn(database, null));
}

/** What is still known of files whose bytes went that long ago. */
export async function forgetOldFiles(storage: Storage, now: Date, defaultDays: number): Promise<void> {
  await storage.run({ operation: "forget old files", repeatable: true }, (database) =>
    database.execute(sql`
      delete from files where content_removed_at is not null
        and ${isKeptNoLonger(files.contentRemovedAt, files.workspaceId, now, defaultDays)}`),
  );
}

/** Replies kept for `Idempotency-Key` in workspaces that keep nothing for as long as the 25 hours that those are kept otherwise. */
export async function deleteOldReplies(storage: Storage, now: Date, defaultDays: number): Promise<void> {
  const short = sql`(select p.workspace_id from workspace_data_policies p where p.retention_days <= 1)`;
  await storage.run({ operation: "delete old replies", repeatable: true }, (database) =>
    database.execute(sql`
      delete from idempotency_entries where (${defaultDays}::int <= 1 or workspace_id in ${short})
        and status is not null and created_at
        <= ${now.toISOString()}::timestamptz - ${retentionDaysOf(idempotencyEntries.workspaceId, defaultDays)} * interval '24 hours'`),
  );
}

/** Forgets the replies that are kept for `Idempotency-Key`. */
export async function deleteStoredReplies(storage: Storage, workspaceId: string): Promise<void> {
  await storage.run({ operation: "delete stored replies", repeatable: true }, (database) =>
    database.delete(idempotencyEntries).where(eq(idempotencyEntries.workspaceId, workspaceId)),
  );
}

/**
 * Workspaces that keep nothing and have not been emptied since `settleMs` after they were told so: what was on its way in
 * by then is there.
 */
export async function findWorkspacesToEmpty(storage: Storage, settleMs: number): Promise<string[]> {
  const rows = await storage.run({ operation: "find workspaces to empty", repeatable: true }, (database) =>
    database
      .select({ workspaceId: dataPolicies.workspaceId })
      .from(dataPolicies)
      .where(
        and(
          dataPolicies.zeroDataRetention,
          or(
            isNull(dataPolicies.emptiedAt),
            sql`${dataPolicies.emptiedAt} < ${dataPolicies.changedAt} + ${settleMs}::int * interval '1 millisecond'`,
          ),
        ),
      ),
  );
  return rows.map((row) => row.workspaceId);
}

export async function noteEmptied(storage: Storage, workspaceId: string, emptiedAt: Date): Promise<void> {
  await storage.run({ operation: "note an emptied workspace", repeatable: true }, (database) =>
    database
      .update(dataPolicies)
      .set({ emptiedAt })
      // One that was told to keep content again meanwhile is not empty for good.
      .where(and(eq(dataPolicies.workspaceId, workspaceId), dataPolicies.zeroDataRetention)),
  );
}

/** Those of the workspaces that keep nothing. */
export async function findKeepingNothing(storage: Storage, workspaceIds: readonly string[]): Promise<string[]> {
  if (workspaceIds.length === 0) return [];
  const rows = await storage.run({ operation: "find workspaces that keep nothing", repeatable: true }, (database) =>
    database
      .select({ workspaceId: dataPolicies.workspaceId })
      .from(dataPolicies)
      .where(and(inArray(dataPolicies.workspaceId, [...workspaceIds]), eq(dataPolicies.zeroDataRetention, true))),
  );
  return rows.map((row) => row.workspaceId);
}
