import { and, asc, eq, isNull, sql } from "drizzle-orm";
import { apiKeys, workspaces } from "./schema.ts";
import type { Database, RunOptions, Storage } from "./storage.ts";

export type ApiKeyStatus = "active" | "inactive" | "archived";

export interface NewApiKey {
  readonly id: string;
  readonly organizationId: string;
  readonly workspaceId: string;
  readonly name: string;
  readonly secretHmac: string;
  readonly partialHint: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
}

export interface ApiKeyRow {
  readonly id: string;
  readonly organizationId: string;
  readonly workspaceId: string;
  readonly name: string;
  readonly partialHint: string;
  readonly status: ApiKeyStatus;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly lastUsedAtMs: number | null;
}

/** What authentication needs of a key; archived workspaces have no live keys. */
export interface LiveApiKey {
  readonly id: string;
  readonly organizationId: string;
  readonly workspaceId: string;
  readonly expiresAtMs: number | null;
}

export function insertApiKey(storage: Storage, key: NewApiKey): Promise<void> {
  return storage.run({ operation: "create api key", repeatable: true }, (database) => insertApiKeyOn(database, key));
}

/** The id is fresh and random, so a conflict on it is our own earlier try. */
export async function insertApiKeyOn(database: Pick<Database, "insert">, key: NewApiKey): Promise<void> {
  await database
    .insert(apiKeys)
    .values({
      id: key.id,
      organizationId: key.organizationId,
      workspaceId: key.workspaceId,
      name: key.name,
      secretHmac: key.secretHmac,
      partialHint: key.partialHint,
      status: "active",
      createdAt: new Date(key.createdAtMs),
      expiresAt: key.expiresAtMs === null ? null : new Date(key.expiresAtMs),
    })
    .onConflictDoNothing({ target: apiKeys.id });
}

export async function findLiveApiKey(
  storage: Storage,
  secretHmac: string,
  options: Pick<RunOptions, "outageBudgetMs"> = {},
): Promise<LiveApiKey | null> {
  const rows = await storage.run({ operation: "find api key", repeatable: true, ...options }, (database) =>
    database
      .select({
        id: apiKeys.id,
        organizationId: apiKeys.organizationId,
        workspaceId: apiKeys.workspaceId,
        expiresAt: apiKeys.expiresAt,
      })
      .from(apiKeys)
      .innerJoin(workspaces, eq(workspaces.id, apiKeys.workspaceId))
      .where(and(eq(apiKeys.secretHmac, secretHmac), eq(apiKeys.status, "active"), isNull(workspaces.archivedAt)))
      .limit(1),
  );
  const row = rows[0];
  if (!row) return null;
  const { expiresAt, ...key } = row;
  return { ...key, expiresAtMs: expiresAt?.getTime() ?? null };
}

/** Oldest first; every status, so that a revoked key can still be recognised in a report. */
export async function listApiKeys(storage: Storage): Promise<ApiKeyRow[]> {
  const rows = await storage.run({ operation: "list api keys", repeatable: true }, (database) =>
    database.select().from(apiKeys).orderBy(asc(apiKeys.createdAt), asc(apiKeys.id)),
  );
  return rows.map((row) => ({
    id: row.id,
    organizationId: row.organizationId,
    workspaceId: row.workspaceId,
    name: row.name,
    partialHint: row.partialHint,
    status: row.status,
    createdAtMs: row.createdAt.getTime(),
    expiresAtMs: row.expiresAt?.getTime() ?? null,
    lastUsedAtMs: row.lastUsedAt?.getTime() ?? null,
  }));
}

/** False when there is no such key. */
export async function setApiKeyStatus(storage: Storage, id: string, status: ApiKeyStatus): Promise<boolean> {
  const rows = await storage.run({ operation: "set api key status", repeatable: true }, (database) =>
    database.update(apiKeys).set({ status }).where(eq(apiKeys.id, id)).returning({ id: apiKeys.id }),
  );
  return rows.length > 0;
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
