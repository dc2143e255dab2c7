import { eq } from "drizzle-orm";
import { apiKeys, workspaces } from "./schema.ts";
import type { Storage } from "./storage.ts";

/** What an organization calls its workspaces and keys, by id; those that are archived too. */
export async function readTenantNames(storage: Storage, organizationId: string): Promise<ReadonlyMap<string, string>> {
  const rows = await storage.run({ operation: "read names", repeatable: true }, async (database) => [
    ...(await database
      .select({ id: workspaces.id, name: workspaces.name })
      .from(workspaces)
      .where(eq(workspaces.organizationId, organizationId))),
    ...(await database
      .select({ id: apiKeys.id, name: apiKeys.name })
      .from(apiKeys)
      .where(eq(apiKeys.organizationId, organizationId))),
  ]);
  return new Map(rows.map(({ id, name }) => [id, name]));
}
