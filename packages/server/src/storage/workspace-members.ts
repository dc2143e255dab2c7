import { and, eq } from "drizzle-orm";
import { workspaceMembers } from "./schema.ts";
import { selectPage, type PageOf, type PageRequest } from "./select-page.ts";
import type { Queries, Storage } from "./storage.ts";

/** `id` is the user's. */
export type WorkspaceMemberRow = typeof workspaceMembers.$inferSelect;
export type WorkspaceRoleName = WorkspaceMemberRow["role"];

export function listWorkspaceMembers(
  storage: Storage,
  workspaceId: string,
  page: PageRequest,
): Promise<PageOf<WorkspaceMemberRow>> {
  return storage.run({ operation: "list workspace members", repeatable: true }, (database) =>
    selectPage(database, workspaceMembers, eq(workspaceMembers.workspaceId, workspaceId), page),
  );
}

export function findWorkspaceMember(storage: Storage, workspaceId: string, userId: string): Promise<WorkspaceMemberRow | null> {
  return storage.run({ operation: "find workspace member", repeatable: true }, (database) =>
    findWorkspaceMemberOn(database, workspaceId, userId),
  );
}

export async function findWorkspaceMemberOn(
  queries: Queries,
  workspaceId: string,
  userId: string,
): Promise<WorkspaceMemberRow | null> {
  const rows = await queries.select().from(workspaceMembers).where(isMember(workspaceId, userId));
  return rows[0] ?? null;
}

export async function insertWorkspaceMemberOn(queries: Queries, member: WorkspaceMemberRow): Promise<void> {
  await queries.insert(workspaceMembers).values(member);
}

export async function setWorkspaceRoleOn(
  queries: Queries,
  workspaceId: string,
  userId: string,
  role: WorkspaceRoleName,
): Promise<void> {
  await queries.update(workspaceMembers).set({ role }).where(isMember(workspaceId, userId));
}

export async function deleteWorkspaceMemberOn(queries: Queries, workspaceId: string, userId: string): Promise<void> {
  await queries.delete(workspaceMembers).where(isMember(workspaceId, userId));
}

export async function deleteWorkspaceMembersOn(queries: Queries, workspaceId: string): Promise<void> {
  await queries.delete(workspaceMembers).where(eq(workspaceMembers.workspaceId, workspaceId));
}

function isMember(workspaceId: string, userId: string) {
  return and(eq(workspaceMembers.workspaceId, workspaceId), eq(workspaceMembers.id, userId));
}
