import { and, desc, eq, inArray, isNotNull, isNull, lte, sql } from "drizzle-orm";
import { files } from "./schema.ts";
import { type PageOf, type PageRequest, selectPage } from "./select-page.ts";
import type { Storage } from "./storage.ts";

export type FileRow = typeof files.$inferSelect;

/**
 * Adds a file unless the organization would hold more than `quotaBytes` then; uploads that end at once take turns, so that
 * they cannot pass the quota together. False: it would. True also for a row that is there already.
 */
export function insertFile(storage: Storage, row: FileRow, quotaBytes: number): Promise<boolean> {
  return storage.run({ operation: "insert file", repeatable: true }, (database) =>
    database.transaction(async (transaction) => {
      await transaction.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`files:${row.organizationId}`}, 0))`);
      const [present] = await transaction.select({ id: files.id }).from(files).where(eq(files.id, row.id));
      if (present) return true;
      const stored = await transaction
        .select({ bytes: sql<string>`coalesce(sum(${files.sizeBytes}), 0)` })
        .from(files)
        .where(and(eq(files.organizationId, row.organizationId), isNull(files.contentRemovedAt)));
      if (Number(stored[0]?.bytes ?? 0) + row.sizeBytes > quotaBytes) return false;
      await transaction.insert(files).values(row);
      return true;
    }),
  );
}

export async function sumStoredBytes(storage: Storage, organizationId: string): Promise<number> {
  const rows = await storage.run({ operation: "sum stored bytes", repeatable: true }, (database) =>
    database
      .select({ bytes: sql<string>`coalesce(sum(${files.sizeBytes}), 0)` })
      .from(files)
      .where(and(eq(files.organizationId, organizationId), isNull(files.contentRemovedAt))),
  );
  return Number(rows[0]?.bytes ?? 0);
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
