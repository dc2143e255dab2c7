import { and, asc, eq, sql } from "drizzle-orm";
import { adminKeys } from "./schema.ts";
import type { Storage } from "./storage.ts";

export interface NewAdminKey {
  readonly id: string;
  readonly organizationId: string;
  readonly name: string;
  readonly secretHmac: string;
  readonly partialHint: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
}

export interface AdminKeyRow extends Omit<NewAdminKey, "secretHmac"> {
  readonly status: "active" | "archived";
  readonly lastUsedAtMs: number | null;
}

/** What authentication needs of an admin key. */
export interface LiveAdminKey {
  readonly id: string;
  readonly organizationId: string;
  readonly expiresAtMs: number | null;
}

/** The id is fresh and random, so a conflict on it is our own earlier try. */
export async function insertAdminKey(storage: Storage, key: NewAdminKey): Promise<void> {
  await storage.run({ operation: "create admin key", repeatable: true }, (database) =>
    database
      .insert(adminKeys)
      .values({
        id: key.id,
        organizationId: key.organizationId,
        name: key.name,
        secretHmac: key.secretHmac,
        partialHint: key.partialHint,
        status: "active",
        createdAt: new Date(key.createdAtMs),
        expiresAt: key.expiresAtMs === null ? null : new Date(key.expiresAtMs),
      })
      .onConflictDoNothing({ target: adminKeys.id }),
  );
}

export async function findLiveAdminKey(storage: Storage, secretHmac: string): Promise<LiveAdminKey | null> {
  const rows = await storage.run({ operation: "find admin key", repeatable: true }, (database) =>
    database
      .select({ id: adminKeys.id, organizationId: adminKeys.organizationId, expiresAt: adminKeys.expiresAt })
      .from(adminKeys)
      .where(and(eq(adminKeys.secretHmac, secretHmac), eq(adminKeys.status, "active")))
      .limit(1),
  );
  const row = rows[0];
  return row ? { id: row.id, organizationId: row.organizationId, expiresAtMs: row.expiresAt?.getTime() ?? null } : null;
}

/** Oldest first; revoked ones too. */
export async function listAdminKeys(storage: Storage): Promise<AdminKeyRow[]> {
  const rows = await storage.run({ operation: "list admin keys", repeatable: true }, (database) =>
    database.select().from(adminKeys).orderBy(asc(adminKeys.createdAt), asc(adminKeys.id)),
  );
  return rows.map((row) => ({
    id: row.id,
    organizationId: row.organizationId,
    name: row.name,
    partialHint: row.partialHint,
    status: row.status,
    createdAtMs: row.createdAt.getTime(),
    expiresAtMs: row.expiresAt?.getTime() ?? null,
    lastUsedAtMs: row.lastUsedAt?.getTime() ?? null,
  }));
}

/** False when there is no such key. */
export async function archiveAdminKey(storage: Storage, id: string): Promise<boolean> {
  const rows = await storage.run({ operation: "archive admin key", repeatable: true }, (database) =>
    database.update(adminKeys).set({ status: "archived" }).where(eq(adminKeys.id, id)).returning({ id: adminKeys.id }),
  );
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
