import { and, desc, eq, inArray, isNotNull, isNull, lte, sql } from "drizzle-orm";
import { findDataPolicyOn, keepsContentOn } from "./data-policies.ts";
import { files, skillVersions } from "./schema.ts";
import { type PageOf, type PageRequest, selectPage } from "./select-page.ts";
import type { Queries, Storage } from "./storage.ts";

export type FileRow = typeof files.$inferSelect;

export type InsertedFile =
  /** Its life is the shorter of what was asked for and what its workspace allows. True also for a row that is there already. */
  | { readonly type: "kept"; readonly row: FileRow }
  /** The organization would hold more than its quota. */
  | { readonly type: "quota" }
  /** Its workspace was deleted while it came in, or keeps nothing now. */
  | { readonly type: "unwanted" }
  /** It was to live longer than its workspace keeps files. */
  | { readonly type: "too-long"; readonly maxDays: number };

/** Adds a file; uploads of one organization that end at once take turns, so that they cannot pass the quota together. */
export function insertFile(storage: Storage, row: FileRow, quotaBytes: number): Promise<InsertedFile> {
  return storage.run({ operation: "insert file", repeatable: true }, (database) =>
    database.transaction(async (transaction): Promise<InsertedFile> => {
      await lockStoredBytesOn(transaction, row.organizationId);
      const [present] = await transaction.select().from(files).where(eq(files.id, row.id));
      if (present) return { type: "kept", row: present };
      if (!(await keepsContentOn(transaction, row.workspaceId))) return { type: "unwanted" };
      const { fileRetentionDays: maxDays } = await findDataPolicyOn(transaction, row.workspaceId);
      const lastMs = maxDays === null ? null : row.createdAt.getTime() + maxDays * 86_400_000;
      if (maxDays !== null && lastMs !== null && row.expiresAt !== null && row.expiresAt.getTime() > lastMs) {
        return { type: "too-long", maxDays };
      }
      if ((await sumStoredBytesOn(transaction, row.organizationId)) + row.sizeBytes > quotaBytes) return { type: "quota" };
      const kept = { ...row, expiresAt: row.expiresAt ?? (lastMs === null ? null : new Date(lastMs)) };
      await transaction.insert(files).values(kept);
      return { type: "kept", row: kept };
    }),
  );
}

/** Until the transaction ends, nobody else adds to what is stored for the organization. */
export async function lockStoredBytesOn(queries: Queries, organizationId: string): Promise<void> {
  await queries.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`files:${organizationId}`}, 0))`);
}

/** Of an organization's files and skills together. */
export async function sumStoredBytesOn(queries: Queries, organizationId: string): Promise<number> {
  const ofFiles = queries
    .select({ bytes: sql<string>`coalesce(sum(${files.sizeBytes}), 0)` })
    .from(files)
    .where(and(eq(files.organizationId, organizationId), isNull(files.contentRemovedAt)));
  const ofSkills = queries
    .select({ bytes: sql<string>`coalesce(sum(${skillVersions.sizeBytes}), 0)` })
    .from(skillVersions)
    .where(eq(skillVersions.organizationId, organizationId));
  return Number((await ofFiles)[0]?.bytes ?? 0) + Number((await ofSkills)[0]?.bytes ?? 0);
}

export function sumStoredBytes(storage: Storage, organizationId: string): Promise<number> {
  return storage.run({ operation: "sum stored bytes", repeatable: true }, (database) =>
    sumStoredBytesOn(database, organizationId),
  );
}

/** Those of the ids that are the workspace's, newest first. */
export function findFiles(storage: Storage, workspaceId: string, ids: readonly string[]): Promise<FileRow[]> {
  return storage.run({ operation: "find files", repeatable: true }, (database) =>
    database
      .select()
      .from(files)
      .where(and(eq(files.workspaceId, workspaceId), inArray(files.id, [...ids])))
      .orderBy(desc(files.createdAt), desc(files.id)),
  );
}

export interface FileCursor {
  readonly createdAtMs: number;
  readonly id: string;
}

/** Newest first, from beyond the cursor on; one row more than asked for tells that there are more. */
export function listFiles(storage: Storage, workspaceId: string, limit: number, cursor: FileCursor | null): Promise<FileRow[]> {
  const beyond = cursor
    ? sql`(${files.createdAt}, ${files.id}) < (${sql.param(new Date(cursor.createdAtMs), files.createdAt)}, ${cursor.id})`
    : undefined;
  return storage.run({ operation: "list files", repeatable: true }, (database) =>
    database
      .select()
      .from(files)
      .where(and(eq(files.workspaceId, workspaceId), beyond))
      .orderBy(desc(files.createdAt), desc(files.id))
      .limit(limit + 1),
  );
}

export function pageFiles(storage: Storage, workspaceId: string, request: PageRequest): Promise<PageOf<FileRow>> {
  return storage.run({ operation: "page files", repeatable: true }, (database) =>
    selectPage(database, files, eq(files.workspaceId, workspaceId), request),
  );
}

/** False: there was none. */
export async function deleteFile(storage: Storage, workspaceId: string, id: string): Promise<boolean> {
  const deleted = await storage.run({ operation: "delete file", repeatable: true }, (database) =>
    database
      .delete(files)
      .where(and(eq(files.workspaceId, workspaceId), eq(files.id, id)))
      .returning({ id: files.id }),
  );
  return deleted.length > 0;
}

/** Files whose time is over and whose bytes may still be there. */
export async function findExpiredFiles(storage: Storage, nowMs: number, limit: number): Promise<string[]> {
  const rows = await storage.run({ operation: "find expired files", repeatable: true }, (database) =>
    database
      .select({ id: files.id })
      .from(files)
      .where(and(isNotNull(files.expiresAt), lte(files.expiresAt, new Date(nowMs)), isNull(files.contentRemovedAt)))
      .limit(limit),
  );
  return rows.map((row) => row.id);
}

export async function markContentRemoved(storage: Storage, id: string, nowMs: number): Promise<void> {
  await storage.run({ operation: "mark file content removed", repeatable: true }, (database) =>
    database
      .update(files)
      .set({ contentRemovedAt: new Date(nowMs) })
      .where(eq(files.id, id)),
  );
}

/** Files of a workspace, whatever they are at. */
export async function findFilesOf(storage: Storage, workspaceId: string, limit: number): Promise<string[]> {
  const rows = await storage.run({ operation: "find a workspace's files", repeatable: true }, (database) =>
    database.select({ id: files.id }).from(files).where(eq(files.workspaceId, workspaceId)).limit(limit),
  );
  return rows.map((row) => row.id);
}

/** Which of the ids have content that somebody may still ask for. */
export async function findStoredFiles(storage: Storage, ids: readonly string[]): Promise<Set<string>> {
  const rows = await storage.run({ operation: "find stored files", repeatable: true }, (database) =>
    database
      .select({ id: files.id })
      .from(files)
      .where(and(inArray(files.id, [...ids]), isNull(files.contentRemovedAt))),
  );
  return new Set(rows.map((row) => row.id));
}
