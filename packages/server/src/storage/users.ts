import { and, count, eq, inArray } from "drizzle-orm";
import { sessions, userCredentials, userIdentities, userRecoveryCodes, users } from "./schema.ts";
import { selectPage, type PageOf, type PageRequest } from "./select-page.ts";
import type { Queries, Storage } from "./storage.ts";

export type UserRow = typeof users.$inferSelect;
export type OrganizationRoleName = UserRow["role"];

export interface UserFilter {
  readonly emailKey: string | null;
  readonly roles: readonly OrganizationRoleName[] | null;
}

export function listUsers(
  storage: Storage,
  organizationId: string,
  filter: UserFilter,
  page: PageRequest,
): Promise<PageOf<UserRow>> {
  const where = and(
    eq(users.organizationId, organizationId),
    filter.emailKey === null ? undefined : eq(users.emailKey, filter.emailKey),
    filter.roles === null ? undefined : inArray(users.role, [...filter.roles]),
  );
  return storage.run({ operation: "list users", repeatable: true }, (database) => selectPage(database, users, where, page));
}

export function findUser(storage: Storage, organizationId: string, id: string): Promise<UserRow | null> {
  return storage.run({ operation: "find user", repeatable: true }, (database) => findUserOn(database, organizationId, id));
}

export async function findUserOn(queries: Queries, organizationId: string, id: string): Promise<UserRow | null> {
  const rows = await queries
    .select()
    .from(users)
    .where(and(eq(users.organizationId, organizationId), eq(users.id, id)));
  return rows[0] ?? null;
}

export async function findUserByEmailOn(queries: Queries, organizationId: string, emailKey: string): Promise<UserRow | null> {
  const rows = await queries
    .select()
    .from(users)
    .where(and(eq(users.organizationId, organizationId), eq(users.emailKey, emailKey)));
  return rows[0] ?? null;
}

/** All of them, or those of some roles. */
export async function countUsersOn(
  queries: Queries,
  organizationId: string,
  roles: readonly OrganizationRoleName[] | null,
): Promise<number> {
  const rows = await queries
    .select({ count: count() })
    .from(users)
    .where(and(eq(users.organizationId, organizationId), roles === null ? undefined : inArray(users.role, [...roles])));
  return rows[0]?.count ?? 0;
}

export async function insertUserOn(queries: Queries, user: UserRow): Promise<void> {
  await queries.insert(users).values(user);
}

export async function setUserRoleOn(queries: Queries, id: string, role: OrganizationRoleName): Promise<void> {
  await queries.update(users).set({ role }).where(eq(users.id, id));
}

/**
 * With the person's memberships of workspaces, and all that they sign in with: who is invited again comes in anew, at an OpenID
 * provider too.
 */
export async function deleteUserOn(queries: Queries, id: string): Promise<void> {
  for (const table of [sessions, userCredentials, userIdentities, userRecoveryCodes]) {
    await queries.delete(table).where(eq(table.userId, id));
  }
  await queries.delete(users).where(eq(users.id, id));
}
