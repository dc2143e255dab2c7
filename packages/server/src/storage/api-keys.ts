import { and, asc, eq, gt, inArray, isNull, lte, ne, or, sql, type SQL } from "drizzle-orm";
import { apiKeys, workspaces } from "./schema.ts";
import { selectPage, type PageOf, type PageRequest } from "./select-page.ts";
import type { Queries, Storage } from "./storage.ts";

export type ApiKeyRow = typeof apiKeys.$inferSelect;
/** As it is told: a key expires by the clock, without a write. */
export type ApiKeyStatus = ApiKeyRow["status"] | "expired";

export interface ApiKeyFilter {
  readonly status: ApiKeyStatus | null;
  readonly workspaceId: string | null;
  readonly createdByUserId: string | null;
}

/** What authentication needs of a key; archived workspaces have no live keys. */
export interface LiveApiKey {
  readonly id: string;
  readonly organizationId: string;
  readonly workspaceId: string;
  /** Who made it; null: nobody that is known. */
  readonly createdByUserId: string | null;
  readonly expiresAtMs: number | null;
}

/** Archived is for good; a key that is past its time is expired, whether or not it was switched off before. */
export function statusOfKey(key: Pick<ApiKeyRow, "status" | "expiresAt">, nowMs: number): ApiKeyStatus {
  if (key.status === "archived") return "archived";
  return key.expiresAt !== null && key.expiresAt.getTime() <= nowMs ? "expired" : key.status;
}

function hasStatus(status: ApiKeyStatus, nowMs: number): SQL | undefined {
  const now = new Date(nowMs);
  if (status === "archived") return eq(apiKeys.status, "archived");
  if (status === "expired") return and(ne(apiKeys.status, "archived"), lte(apiKeys.expiresAt, now));
  return and(eq(apiKeys.status, status), or(isNull(apiKeys.expiresAt), gt(apiKeys.expiresAt, now)));
}

/** The id is fresh and random, so a conflict on it is our own earlier try. */
export async function insertApiKeyOn(queries: Pick<Queries, "insert">, key: ApiKeyRow): Promise<void> {
  await queries.insert(apiKeys).values(key).onConflictDoNothing({ target: apiKeys.id });
}

/** Whether an organization has, or ever had, a key. */
export async function hasApiKeyOn(queries: Pick<Queries, "select">, organizationId: string): Promise<boolean> {
  const rows = await queries.select({ id: apiKeys.id }).from(apiKeys).where(eq(apiKeys.organizationId, organizationId)).limit(1);
  return rows.length > 0;
}

/** The live keys among those that are asked for, by their hashes. */
export function findLiveApiKeys(storage: Storage, secretHmacs: readonly string[]): Promise<Map<string, LiveApiKey>> {
  return findLive(storage, apiKeys.secretHmac, secretHmacs);
}

/** The same by their ids for requests that are signed as on Claude Platform on AWS. */
export function findLiveApiKeysOfAws(storage: Storage, awsAccessKeyIds: readonly string[]): Promise<Map<string, LiveApiKey>> {
  return findLive(storage, apiKeys.awsAccessKeyId, awsAccessKeyIds);
}

async function findLive(
  storage: Storage,
  by: typeof apiKeys.secretHmac | typeof apiKeys.awsAccessKeyId,
  asked: readonly string[],
): Promise<Map<string, LiveApiKey>> {
  const rows = await storage.run({ operation: "find api keys", repeatable: true }, (database) =>
    database
      .select({
        by,
        id: apiKeys.id,
        organizationId: apiKeys.organizationId,
        workspaceId: apiKeys.workspaceId,
        createdByUserId: apiKeys.createdByUserId,
        expiresAt: apiKeys.expiresAt,
      })
      .from(apiKeys)
      .innerJoin(workspaces, eq(workspaces.id, apiKeys.workspaceId))
      // One parameter for any number of them: the statement stays the same.
      .where(and(eq(by, sql`any(${sql.param(asked)}::text[])`), eq(apiKeys.status, "active"), isNull(workspaces.archivedAt))),
  );
  return new Map(
    rows.flatMap(({ by: name, expiresAt, ...key }) =>
      name === null ? [] : [[name, { ...key, expiresAtMs: expiresAt?.getTime() ?? null }] as const],
    ),
  );
}

export function listApiKeys(
  storage: Storage,
  organizationId: string,
  { status, workspaceId, createdByUserId }: ApiKeyFilter,
  nowMs: number,
  page: PageRequest,
): Promise<PageOf<ApiKeyRow>> {
  const where = and(
    eq(apiKeys.organizationId, organizationId),
    status === null ? undefined : hasStatus(status, nowMs),
    workspaceId === null ? undefined : eq(apiKeys.workspaceId, workspaceId),
    createdByUserId === null ? undefined : eq(apiKeys.createdByUserId, createdByUserId),
  );
  return storage.run({ operation: "list api keys", repeatable: true }, (database) => selectPage(database, apiKeys, where, page));
}

/** When keys of an organization were used last; those that never were are left out. */
export async function listApiKeyUses(
  storage: Storage,
  organizationId: string,
  ids: readonly string[],
): Promise<{ readonly id: string; readonly lastUsedAt: Date }[]> {
  if (ids.length === 0) return [];
  const rows = await storage.run({ operation: "list api key uses", repeatable: true }, (database) =>
    database
      .select({ id: apiKeys.id, lastUsedAt: apiKeys.lastUsedAt })
      .from(apiKeys)
      .where(and(eq(apiKeys.organizationId, organizationId), inArray(apiKeys.id, [...ids]))),
  );
  return rows.flatMap(({ id, lastUsedAt }) => (lastUsedAt === null ? [] : [{ id, lastUsedAt }]));
}

/** Of every organization, oldest first; every status, so that a revoked key can still be recognised in a report. */
export function listEveryApiKey(storage: Storage): Promise<ApiKeyRow[]> {
  return storage.run({ operation: "list every api key", repeatable: true }, (database) =>
    database.select().from(apiKeys).orderBy(asc(apiKeys.createdAt), asc(apiKeys.id)),
  );
}

/** Of whatever organization; for the operator's own commands. */
export async function findApiKeyAnywhere(storage: Storage, id: string): Promise<ApiKeyRow | null> {
  const rows = await storage.run({ operation: "find api key", repeatable: true }, (database) =>
    database.select().from(apiKeys).where(eq(apiKeys.id, id)),
  );
  return rows[0] ?? null;
}

export function findApiKey(storage: Storage, organizationId: string, id: string): Promise<ApiKeyRow | null> {
  return storage.run({ operation: "find api key", repeatable: true }, (database) => findApiKeyOn(database, organizationId, id));
}

export async function findApiKeyOn(queries: Queries, organizationId: string, id: string): Promise<ApiKeyRow | null> {
  const rows = await queries
    .select()
    .from(apiKeys)
    .where(and(eq(apiKeys.organizationId, organizationId), eq(apiKeys.id, id)));
  return rows[0] ?? null;
}

export async function updateApiKeyOn(
  queries: Queries,
  id: string,
  change: Partial<Pick<ApiKeyRow, "name" | "status" | "expiresAt" | "awsAccessKeyId">>,
): Promise<void> {
  await queries.update(apiKeys).set(change).where(eq(apiKeys.id, id));
}

/** The ids of those that were not archived before. */
export async function archiveKeysOfWorkspaceOn(queries: Queries, workspaceId: string): Promise<string[]> {
  const rows = await queries
    .update(apiKeys)
    .set({ status: "archived" })
    .where(and(eq(apiKeys.workspaceId, workspaceId), ne(apiKeys.status, "archived")))
    .returning({ id: apiKeys.id });
  return rows.map(({ id }) => id);
}

/** Notes uses, never moving a key's time back: several nodes report at their own pace. */
export async function touchApiKeys(storage: Storage, usedAtMs: ReadonlyMap<string, number>): Promise<void> {
  if (usedAtMs.size === 0) return;
  const uses = JSON.stringify([...usedAtMs].map(([id, atMs]) => ({ id, used_at: new Date(atMs).toISOString() })));
  await storage.run({ operation: "touch api keys", repeatable: true }, (database) =>
    database.execute(sql`
      update api_keys set last_used_at = greatest(api_keys.last_used_at, uses.used_at)
      from json_to_recordset(${uses}::json) as uses(id text, used_at timestamptz)
      where api_keys.id = uses.id`),
  );
}
