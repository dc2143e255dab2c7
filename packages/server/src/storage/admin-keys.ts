import { and, asc, eq, sql } from "drizzle-orm";
import { adminKeys } from "./schema.ts";
import type { Queries, Storage } from "./storage.ts";

export type AdminKeyRow = typeof adminKeys.$inferSelect;

/** What authentication needs of an admin key. */
export interface LiveAdminKey {
  readonly id: string;
  readonly organizationId: string;
  readonly expiresAtMs: number | null;
}

export async function insertAdminKeyOn(queries: Queries, key: AdminKeyRow): Promise<void> {
  await queries.insert(adminKeys).values(key);
}

/** The live keys among those that are asked for, by their hashes. */
export async function findLiveAdminKeys(storage: Storage, secretHmacs: readonly string[]): Promise<Map<string, LiveAdminKey>> {
  const rows = await storage.run({ operation: "find admin keys", repeatable: true }, (database) =>
    database
      .select({
        secretHmac: adminKeys.secretHmac,
        id: adminKeys.id,
        organizationId: adminKeys.organizationId,
        expiresAt: adminKeys.expiresAt,
      })
      .from(adminKeys)
      .where(and(eq(adminKeys.secretHmac, sql`any(${sql.param(secretHmacs)}::text[])`), eq(adminKeys.status, "active"))),
  );
  return new Map(
    rows.map(({ secretHmac, expiresAt, ...key }) => [secretHmac, { ...key, expiresAtMs: expiresAt?.getTime() ?? null }]),
  );
}

/** Of every organization, oldest first; revoked ones too. */
export function listAdminKeys(storage: Storage): Promise<AdminKeyRow[]> {
  return storage.run({ operation: "list admin keys", repeatable: true }, (database) =>
    database.select().from(adminKeys).orderBy(asc(adminKeys.createdAt), asc(adminKeys.id)),
  );
}

export async function findAdminKey(storage: Storage, id: string): Promise<AdminKeyRow | null> {
  const rows = await storage.run({ operation: "find admin key", repeatable: true }, (database) =>
    database.select().from(adminKeys).where(eq(adminKeys.id, id)),
  );
  return rows[0] ?? null;
}

/** False when it was archived before. */
export async function archiveAdminKeyOn(queries: Queries, id: string): Promise<boolean> {
  const rows = await queries
    .update(adminKeys)
    .set({ status: "archived" })
    .where(and(eq(adminKeys.id, id), eq(adminKeys.status, "active")))
    .returning({ id: adminKeys.id });
  return rows.length > 0;
}

/** Notes uses, never moving a key's time back: several nodes report at their own pace. */
export async function touchAdminKeys(storage: Storage, usedAtMs: ReadonlyMap<string, number>): Promise<void> {
  if (usedAtMs.size === 0) return;
  const uses = JSON.stringify([...usedAtMs].map(([id, atMs]) => ({ id, used_at: new Date(atMs).toISOString() })));
  await storage.run({ operation: "touch admin keys", repeatable: true }, (database) =>
    database.execute(sql`
      update admin_keys set last_used_at = greatest(admin_keys.last_used_at, uses.used_at)
      from json_to_recordset(${uses}::json) as uses(id text, used_at timestamptz)
      where admin_keys.id = uses.id`),
  );
}
