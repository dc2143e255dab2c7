import { and, desc, eq, inArray, isNull } from "drizzle-orm";
import { workspaceMembers, workspaces } from "./schema.ts";
import { selectPage, type PageOf, type PageRequest } from "./select-page.ts";
import type { Queries, Storage } from "./storage.ts";

export type WorkspaceRow = typeof workspaces.$inferSelect;
export type WorkspaceChange = Partial<
  Pick<
    WorkspaceRow,
    "name" | "displayColor" | "tags" | "allowedInferenceGeos" | "defaultInferenceGeo" | "archivedAt" | "deletedAt"
  >
>;

export interface WorkspaceFilter {
  /** Null: any. */
  readonly ids: readonly string[] | null;
  readonly includeArchived: boolean;
  readonly includeDefault: boolean;
}

export function listWorkspaces(
  storage: Storage,
  organizationId: string,
  { ids, includeArchived, includeDefault }: WorkspaceFilter,
  page: PageRequest,
): Promise<PageOf<WorkspaceRow>> {
  const where = and(
    eq(workspaces.organizationId, organizationId),
    isNull(workspaces.deletedAt),
    ids === null ? undefined : inArray(workspaces.id, [...ids]),
    includeArchived ? undefined : isNull(workspaces.archivedAt),
    includeDefault ? undefined : eq(workspaces.isDefault, false),
  );
  return storage.run({ operation: "list workspaces", repeatable: true }, (database) =>
    selectPage(database, workspaces, where, page),
  );
}

export interface WorkspaceOfPerson {
  readonly id: string;
  readonly name: string;
  readonly isDefault: boolean;
  /** Null: the person is no member of it. */
  readonly role: (typeof workspaceMembers.$inferSelect)["role"] | null;
}

/** Those that are not archived, newest first, each with what the person is in it. */
export function listWorkspacesWithRole(
  storage: Storage,
  { organizationId, userId, limit }: { readonly organizationId: string; readonly userId: string; readonly limit: number },
): Promise<WorkspaceOfPerson[]> {
  return storage.run({ operation: "list workspaces of a person", repeatable: true }, (database) =>
    database
      .select({ id: workspaces.id, name: workspaces.name, isDefault: workspaces.isDefault, role: workspaceMembers.role })
      .from(workspaces)
      .leftJoin(workspaceMembers, and(eq(workspaceMembers.workspaceId, workspaces.id), eq(workspaceMembers.id, userId)))
      .where(and(eq(workspaces.organizationId, organizationId), isNull(workspaces.deletedAt), isNull(workspaces.archivedAt)))
      .orderBy(workspaces.isDefault, desc(workspaces.createdAt), desc(workspaces.id))
      .limit(limit),
  );
}

/** Of whatever organization, also one that was deleted; for the operator's own commands. */
export async function findWorkspaceAnywhere(storage: Storage, id: string): Promise<WorkspaceRow | null> {
  const rows = await storage.run({ operation: "find workspace", repeatable: true }, (database) =>
    database.select().from(workspaces).where(eq(workspaces.id, id)),
  );
  return rows[0] ?? null;
}

export function findWorkspace(storage: Storage, organizationId: string, id: string): Promise<WorkspaceRow | null> {
  return storage.run({ operation: "find workspace", repeatable: true }, (database) =>
    findWorkspaceOn(database, organizationId, id),
  );
}

export async function findWorkspaceOn(queries: Queries, organizationId: string, id: string): Promise<WorkspaceRow | null> {
  const rows = await queries
    .select()
    .from(workspaces)
    .where(and(eq(workspaces.organizationId, organizationId), eq(workspaces.id, id), isNull(workspaces.deletedAt)));
  return rows[0] ?? null;
}

/** Also one that was deleted. */
export async function findKnownWorkspaceOn(queries: Queries, organizationId: string, id: string): Promise<WorkspaceRow | null> {
  const rows = await queries
    .select()
    .from(workspaces)
    .where(and(eq(workspaces.organizationId, organizationId), eq(workspaces.id, id)));
  return rows[0] ?? null;
}

export async function findDefaultWorkspaceId(storage: Storage, organizationId: string): Promise<string | null> {
  const rows = await storage.run({ operation: "find default workspace", repeatable: true }, (database) =>
    database
      .select({ id: workspaces.id })
      .from(workspaces)
      .where(and(eq(workspaces.organizationId, organizationId), eq(workspaces.isDefault, true))),
  );
  return rows[0]?.id ?? null;
}

export async function insertWorkspaceOn(queries: Queries, workspace: WorkspaceRow): Promise<void> {
  await queries.insert(workspaces).values(workspace);
}

export async function updateWorkspaceOn(queries: Queries, id: string, change: WorkspaceChange): Promise<void> {
  await queries.update(workspaces).set(change).where(eq(workspaces.id, id));
}
