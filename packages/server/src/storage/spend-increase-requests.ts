import { and, desc, eq, inArray, sql, type SQL } from "drizzle-orm";
import { spendIncreaseRequests, users } from "./schema.ts";
import type { Queries, Storage } from "./storage.ts";

export type IncreaseRequestRow = typeof spendIncreaseRequests.$inferSelect;

export interface IncreaseRequest {
  readonly request: IncreaseRequestRow;
  readonly user: { readonly name: string; readonly email: string };
}

export async function insertIncreaseRequestOn(queries: Pick<Queries, "insert">, row: IncreaseRequestRow): Promise<void> {
  await queries.insert(spendIncreaseRequests).values(row).onConflictDoNothing({ target: spendIncreaseRequests.id });
}

export interface IncreaseRequestQuery {
  readonly organizationId: string;
  readonly userIds: readonly string[] | null;
  readonly statuses: readonly IncreaseRequestRow["status"][] | null;
  readonly limit: number;
  readonly after: { readonly createdAtMs: number; readonly id: string } | null;
}

/** Newest first; not those of people who are no longer members. */
export function listIncreaseRequests(storage: Storage, query: IncreaseRequestQuery): Promise<IncreaseRequest[]> {
  const conditions: SQL[] = [];
  if (query.userIds) conditions.push(inArray(spendIncreaseRequests.userId, [...query.userIds]));
  if (query.statuses) conditions.push(inArray(spendIncreaseRequests.status, [...query.statuses]));
  if (query.after) {
    const createdAt = new Date(query.after.createdAtMs).toISOString();
    conditions.push(
      sql`(${spendIncreaseRequests.createdAt}, ${spendIncreaseRequests.id}) < (${createdAt}::timestamptz, ${query.after.id})`,
    );
  }
  return storage.run({ operation: "list increase requests", repeatable: true }, (database) =>
    select(database, query.organizationId, conditions)
      .orderBy(desc(spendIncreaseRequests.createdAt), desc(spendIncreaseRequests.id))
      .limit(query.limit),
  );
}

export function findIncreaseRequest(storage: Storage, organizationId: string, id: string): Promise<IncreaseRequest | null> {
  return storage.run({ operation: "find increase request", repeatable: true }, (database) =>
    findIncreaseRequestOn(database, organizationId, id),
  );
}

export async function findIncreaseRequestOn(
  queries: Pick<Queries, "select">,
  organizationId: string,
  id: string,
): Promise<IncreaseRequest | null> {
  const rows = await select(queries, organizationId, [eq(spendIncreaseRequests.id, id)]);
  return rows[0] ?? null;
}

export async function resolveIncreaseRequestOn(
  queries: Pick<Queries, "update">,
  id: string,
  resolution: Pick<IncreaseRequestRow, "status" | "resolvedAt" | "resolvedByType" | "resolvedById">,
): Promise<void> {
  await queries.update(spendIncreaseRequests).set(resolution).where(eq(spendIncreaseRequests.id, id));
}

function select(queries: Pick<Queries, "select">, organizationId: string, conditions: readonly SQL[]) {
  return queries
    .select({ request: spendIncreaseRequests, user: { name: users.name, email: users.email } })
    .from(spendIncreaseRequests)
    .innerJoin(
      users,
      and(eq(users.organizationId, spendIncreaseRequests.organizationId), eq(users.id, spendIncreaseRequests.userId)),
    )
    .where(and(eq(spendIncreaseRequests.organizationId, organizationId), ...conditions));
}
