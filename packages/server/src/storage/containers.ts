import { and, eq, lte } from "drizzle-orm";
import { findDataPolicyOn } from "./data-policies.ts";
import { containers } from "./schema.ts";
import type { Storage } from "./storage.ts";

export type ContainerRow = typeof containers.$inferSelect;

/** Adds a container, whose life is the shorter of its own and what its workspace keeps content for. */
export function insertContainer(storage: Storage, row: ContainerRow): Promise<ContainerRow> {
  return storage.run({ operation: "insert container", repeatable: true }, async (database) => {
    const { retentionDays } = await findDataPolicyOn(database, row.workspaceId);
    const lastMs = retentionDays === null ? Infinity : row.createdAt.getTime() + retentionDays * 86_400_000;
    const kept = { ...row, expiresAt: new Date(Math.min(row.expiresAt.getTime(), lastMs)) };
    await database.insert(containers).values(kept).onConflictDoNothing();
    return kept;
  });
}

export async function findContainer(storage: Storage, workspaceId: string, id: string): Promise<ContainerRow | null> {
  const rows = await storage.run({ operation: "find container", repeatable: true }, (database) =>
    database
      .select()
      .from(containers)
      .where(and(eq(containers.workspaceId, workspaceId), eq(containers.id, id))),
  );
  return rows[0] ?? null;
}

export async function findExpiredContainers(storage: Storage, nowMs: number, limit: number): Promise<string[]> {
  const rows = await storage.run({ operation: "find expired containers", repeatable: true }, (database) =>
    database
      .select({ id: containers.id })
      .from(containers)
      .where(lte(containers.expiresAt, new Date(nowMs)))
      .limit(limit),
  );
  return rows.map(({ id }) => id);
}

export async function findContainersOf(storage: Storage, workspaceId: string, limit: number): Promise<string[]> {
  const rows = await storage.run({ operation: "find a workspace's containers", repeatable: true }, (database) =>
    database.select({ id: containers.id }).from(containers).where(eq(containers.workspaceId, workspaceId)).limit(limit),
  );
  return rows.map(({ id }) => id);
}

export async function deleteContainer(storage: Storage, id: string): Promise<void> {
  await storage.run({ operation: "delete container", repeatable: true }, (database) =>
    database.delete(containers).where(eq(containers.id, id)),
  );
}
