import { and, asc, desc, eq, inArray, sql, type SQL } from "drizzle-orm";
import { spendLimits, users } from "./schema.ts";
import type { SpendPeriod, SpendScope } from "./spend.ts";
import type { Queries, Storage } from "./storage.ts";

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
export function setSpendLimit(storage: Storage, limit: NewSpendLimit): Promise<SpendLimitRow> {
  return storage.run({ operation: "set spend limit", repeatable: true }, (database) => setSpendLimitOn(database, limit));
}

export async function setSpendLimitOn(
  queries: Pick<Queries, "insert">,
  { nowMs, ...limit }: NewSpendLimit,
): Promise<SpendLimitRow> {
  const now = new Date(nowMs);
  const [row] = await queries
    .insert(spendLimits)
    .values({ ...limit, createdAt: now, updatedAt: now })
    .onConflictDoUpdate({
      target: [spendLimits.organizationId, spendLimits.scopeType, spendLimits.scopeId, spendLimits.period],
      set: { amountNanoUsd: limit.amountNanoUsd, updatedAt: now },
    })
    .returning();
  if (!row) throw new Error("an upsert returned no row");
  return row;
}

export function findSpendLimit(storage: Storage, organizationId: string, id: string): Promise<SpendLimitRow | null> {
  return storage.run({ operation: "find spend limit", repeatable: true }, (database) =>
    findSpendLimitOn(database, organizationId, id),
  );
}

export async function findSpendLimitOn(
  queries: Pick<Queries, "select">,
  organizationId: string,
  id: string,
): Promise<SpendLimitRow | null> {
  const rows = await queries
    .select()
    .from(spendLimits)
    .where(and(eq(spendLimits.organizationId, organizationId), eq(spendLimits.id, id)));
  return rows[0] ?? null;
}

/** The limit that setting one would change. */
export async function findSpendLimitOfScopeOn(
  queries: Pick<Queries, "select">,
  { organizationId, scopeType, scopeId, period }: Pick<NewSpendLimit, "organizationId" | "scopeType" | "scopeId" | "period">,
): Promise<SpendLimitRow | null> {
  const rows = await queries
    .select()
    .from(spendLimits)
    .where(
      and(
        eq(spendLimits.organizationId, organizationId),
        eq(spendLimits.scopeType, scopeType),
        eq(spendLimits.scopeId, scopeId),
        eq(spendLimits.period, period),
      ),
    );
  return rows[0] ?? null;
}

/** The limits of one key, by period. */
export function listKeySpendLimitsOn(
  queries: Pick<Queries, "select">,
  organizationId: string,
  apiKeyId: string,
): Promise<SpendLimitRow[]> {
  return queries
    .select()
    .from(spendLimits)
    .where(
      and(
        eq(spendLimits.organizationId, organizationId),
        eq(spendLimits.scopeType, "api_key"),
        eq(spendLimits.scopeId, apiKeyId),
      ),
    );
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

/** What the period that runs has come to, by the limit's id. */
export async function readSpentInPeriods(
  storage: Storage,
  organizationId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, bigint>> {
  const { rows } = await storage.run({ operation: "read spend of limits", repeatable: true }, (database) =>
    database.execute<{ id: string; spent: string }>(sql`
      select id, spent_in_period(organization_id, scope_type, scope_id, period)::text as spent from spend_limits
      where organization_id = ${organizationId} and id in (select json_array_elements_text(${JSON.stringify(ids)}::json))`),
  );
  return new Map(rows.map(({ id, spent }) => [id, BigInt(spent)]));
}

/** Gives an organization the monthly cap of its tier, or none; what is so already is left alone. */
export async function setUsageTierCap(
  storage: Storage,
  { id, organizationId, amountNanoUsd, nowMs }: Pick<NewSpendLimit, "id" | "organizationId" | "amountNanoUsd" | "nowMs">,
): Promise<void> {
  const place = { organizationId, scopeType: "usage_tier" as const, scopeId: organizationId, period: "monthly" as const };
  await storage.run({ operation: "set usage tier cap", repeatable: true }, async (database) => {
    const before = await findSpendLimitOfScopeOn(database, place);
    if ((before?.amountNanoUsd ?? null) === amountNanoUsd) return;
    if (amountNanoUsd === null) await deleteSpendLimitOn(database, before?.id ?? "");
    else await setSpendLimitOn(database, { ...place, id, amountNanoUsd, nowMs });
  });
}

export async function deleteSpendLimitOn(queries: Pick<Queries, "delete">, id: string): Promise<void> {
  await queries.delete(spendLimits).where(eq(spendLimits.id, id));
}

export interface MemberSpend {
  readonly limit: SpendLimitRow;
  readonly spentNanoUsd: bigint;
  /** Null: no longer a member. */
  readonly user: { readonly name: string; readonly email: string } | null;
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
        name: users.name,
        email: users.email,
        spent: sql<string>`spent_in_period(${spendLimits.organizationId}, 'user', ${spendLimits.scopeId}, ${spendLimits.period})::text`,
      })
      .from(spendLimits)
      .leftJoin(users, and(eq(users.organizationId, spendLimits.organizationId), eq(users.id, spendLimits.scopeId)))
      .where(and(...wanted, inArray(spendLimits.scopeId, page)))
      .orderBy(asc(spendLimits.scopeId), asc(spendLimits.period));
  });
  return rows.map((row) => ({
    limit: row.limit,
    spentNanoUsd: BigInt(row.spent),
    user: row.name !== null && row.email !== null ? { name: row.name, email: row.email } : null,
  }));
}
