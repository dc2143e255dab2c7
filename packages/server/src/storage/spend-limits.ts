import { and, asc, desc, eq, inArray, ne, sql, type SQL } from "drizzle-orm";
import { spendLimits } from "./schema.ts";
import type { SpendPeriod, SpendScope } from "./spend.ts";
import type { Storage } from "./storage.ts";

export type SpendLimitRow = typeof spendLimits.$inferSelect;

export interface NewSpendLimit {
  /** Of a limit that is new; one that exists keeps its own. */
  readonly id: string;
  readonly organizationId: string;
  readonly scopeType: SpendScope;
  readonly scopeId: string;
  readonly period: SpendPeriod;
  /** Null: explicitly none. */
  readonly amountNanoUsd: bigint | null;
  readonly nowMs: number;
}

/** Sets the limit of a scope and period, in place where there is one. */
export async function setSpendLimit(storage: Storage, { nowMs, ...limit }: NewSpendLimit): Promise<SpendLimitRow> {
  const now = new Date(nowMs);
  const rows = await storage.run({ operation: "set spend limit", repeatable: true }, (database) =>
    database
      .insert(spendLimits)
      .values({ ...limit, createdAt: now, updatedAt: now })
      .onConflictDoUpdate({
        target: [spendLimits.organizationId, spendLimits.scopeType, spendLimits.scopeId, spendLimits.period],
        set: { amountNanoUsd: limit.amountNanoUsd, updatedAt: now },
      })
      .returning(),
  );
  const [row] = rows;
  if (!row) throw new Error("an upsert returned no row");
  return row;
}

export async function findSpendLimit(storage: Storage, organizationId: string, id: string): Promise<SpendLimitRow | null> {
  const rows = await storage.run({ operation: "find spend limit", repeatable: true }, (database) =>
    database
      .select()
      .from(spendLimits)
      .where(and(eq(spendLimits.organizationId, organizationId), eq(spendLimits.id, id))),
  );
  return rows[0] ?? null;
}

export interface SpendLimitQuery {
  readonly organizationId: string;
  /** Null: any. */
  readonly scopeTypes: readonly SpendScope[] | null;
  readonly workspaceId: string | null;
  readonly limit: number;
  /** The last of the page before. */
  readonly after: { readonly createdAtMs: number; readonly id: string } | null;
}

/** Newest first. */
export function listSpendLimits(storage: Storage, query: SpendLimitQuery): Promise<SpendLimitRow[]> {
  const conditions: SQL[] = [eq(spendLimits.organizationId, query.organizationId)];
  if (query.scopeTypes) conditions.push(inArray(spendLimits.scopeType, [...query.scopeTypes]));
  if (query.workspaceId !== null) {
    conditions.push(eq(spendLimits.scopeType, "workspace"), eq(spendLimits.scopeId, query.workspaceId));
  }
  if (query.after) {
    const createdAt = new Date(query.after.createdAtMs).toISOString();
    conditions.push(sql`(${spendLimits.createdAt}, ${spendLimits.id}) < (${createdAt}::timestamptz, ${query.after.id})`);
  }
  return storage.run({ operation: "list spend limits", repeatable: true }, (database) =>
    database
      .select()
      .from(spendLimits)
      .where(and(...conditions))
      .orderBy(desc(spendLimits.createdAt), desc(spendLimits.id))
      .limit(query.limit),
  );
}

/** False: there is none, or it is the tier's, which nobody deletes. */
export async function deleteSpendLimit(storage: Storage, organizationId: string, id: string): Promise<boolean> {
  const rows = await storage.run({ operation: "delete spend limit", repeatable: true }, (database) =>
    database
      .delete(spendLimits)
      .where(and(eq(spendLimits.organizationId, organizationId), eq(spendLimits.id, id), ne(spendLimits.scopeType, "usage_tier")))
      .returning({ id: spendLimits.id }),
  );
  return rows.length > 0;
}

export interface MemberSpend {
  readonly limit: SpendLimitRow;
  readonly spentNanoUsd: bigint;
}

/** Limits of users with what each has spent in the period that runs, by user; all periods of one user together. */
export async function listUserSpend(
  storage: Storage,
  query: {
    readonly organizationId: string;
    readonly periods: readonly SpendPeriod[] | null;
    readonly userIds: readonly string[] | null;
    readonly afterUserId: string | null;
    readonly users: number;
  },
): Promise<MemberSpend[]> {
  const wanted: SQL[] = [eq(spendLimits.organizationId, query.organizationId), eq(spendLimits.scopeType, "user")];
  if (query.userIds) wanted.push(inArray(spendLimits.scopeId, [...query.userIds]));
  if (query.periods) wanted.push(inArray(spendLimits.period, [...query.periods]));
  if (query.afterUserId !== null) wanted.push(sql`${spendLimits.scopeId} > ${query.afterUserId}`);
  const rows = await storage.run({ operation: "list user spend", repeatable: true }, (database) => {
    const page = database
      .selectDistinct({ id: spendLimits.scopeId })
      .from(spendLimits)
      .where(and(...wanted))
      .orderBy(asc(spendLimits.scopeId))
      .limit(query.users);
    return database
      .select({
        limit: spendLimits,
        spent: sql<string>`spent_in_period(${spendLimits.organizationId}, 'user', ${spendLimits.scopeId}, ${spendLimits.period})::text`,
      })
      .from(spendLimits)
      .where(and(...wanted, inArray(spendLimits.scopeId, page)))
      .orderBy(asc(spendLimits.scopeId), asc(spendLimits.period));
  });
  return rows.map((row) => ({ limit: row.limit, spentNanoUsd: BigInt(row.spent) }));
}
