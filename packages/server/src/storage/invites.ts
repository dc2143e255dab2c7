import { and, eq, gt, inArray, isNotNull, isNull, lte, or, type SQL } from "drizzle-orm";
import { invites } from "./schema.ts";
import { selectPage, type PageOf, type PageRequest } from "./select-page.ts";
import type { Queries, Storage } from "./storage.ts";
import type { OrganizationRoleName } from "./users.ts";

export type InviteRow = typeof invites.$inferSelect;
export type InviteStatus = "pending" | "accepted" | "expired" | "deleted";

export interface InviteFilter {
  readonly emailKey: string | null;
  readonly roles: readonly OrganizationRoleName[] | null;
  /** Null: all but deleted ones. */
  readonly statuses: readonly Exclude<InviteStatus, "deleted">[] | null;
  readonly nowMs: number;
}

export function statusOf(invite: InviteRow, nowMs: number): InviteStatus {
  if (invite.deletedAt) return "deleted";
  if (invite.acceptedAt) return "accepted";
  return invite.expiresAt.getTime() <= nowMs ? "expired" : "pending";
}

function hasStatus(status: Exclude<InviteStatus, "deleted">, nowMs: number): SQL | undefined {
  const now = new Date(nowMs);
  switch (status) {
    case "accepted":
      return isNotNull(invites.acceptedAt);
    case "expired":
      return and(isNull(invites.acceptedAt), lte(invites.expiresAt, now));
    case "pending":
      return and(isNull(invites.acceptedAt), gt(invites.expiresAt, now));
    default:
      return status satisfies never;
  }
}

export function listInvites(
  storage: Storage,
  organizationId: string,
  { emailKey, roles, statuses, nowMs }: InviteFilter,
  page: PageRequest,
): Promise<PageOf<InviteRow>> {
  const where = and(
    eq(invites.organizationId, organizationId),
    isNull(invites.deletedAt),
    emailKey === null ? undefined : eq(invites.emailKey, emailKey),
    roles === null ? undefined : inArray(invites.role, [...roles]),
    statuses === null ? undefined : or(...statuses.map((status) => hasStatus(status, nowMs))),
  );
  return storage.run({ operation: "list invites", repeatable: true }, (database) => selectPage(database, invites, where, page));
}

export function findInvite(storage: Storage, organizationId: string, id: string): Promise<InviteRow | null> {
  return storage.run({ operation: "find invite", repeatable: true }, (database) => findInviteOn(database, organizationId, id));
}

export async function findInviteOn(queries: Queries, organizationId: string, id: string): Promise<InviteRow | null> {
  const rows = await queries
    .select()
    .from(invites)
    .where(and(eq(invites.organizationId, organizationId), eq(invites.id, id)));
  return rows[0] ?? null;
}

export async function findPendingInviteOn(
  queries: Queries,
  organizationId: string,
  emailKey: string,
  nowMs: number,
): Promise<InviteRow | null> {
  const rows = await queries
    .select()
    .from(invites)
    .where(
      and(
        eq(invites.organizationId, organizationId),
        eq(invites.emailKey, emailKey),
        isNull(invites.deletedAt),
        hasStatus("pending", nowMs),
      ),
    );
  return rows[0] ?? null;
}

export async function insertInviteOn(queries: Queries, invite: InviteRow): Promise<void> {
  await queries.insert(invites).values(invite);
}

export async function setInviteTimesOn(
  queries: Queries,
  id: string,
  times: { readonly acceptedAt?: Date; readonly deletedAt?: Date },
): Promise<void> {
  await queries.update(invites).set(times).where(eq(invites.id, id));
}
