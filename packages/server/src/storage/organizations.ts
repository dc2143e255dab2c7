import { asc, and, eq, sql } from "drizzle-orm";
import { organizations, workspaces } from "./schema.ts";
import type { Database, Storage } from "./storage.ts";
import { insertApiKeyOn, type NewApiKey } from "./api-keys.ts";

export interface FirstOrganization {
  readonly organizationId: string;
  readonly workspaceId: string;
}

export interface NewOrganization extends FirstOrganization {
  readonly organizationName: string;
  readonly workspaceName: string;
  readonly apiKey: NewApiKey;
  readonly createdAtMs: number;
}

/** Any number that nothing else in the database locks. */
const FIRST_ORGANIZATION_LOCK = "123628813444474";

/** The oldest organization and its default workspace; null in a fresh database. */
export function findFirstOrganization(storage: Storage): Promise<FirstOrganization | null> {
  return storage.run({ operation: "find first organization", repeatable: true }, firstOrganizationOn);
}

/** Creates all three rows unless an organization exists. Of several processes at once one creates. Null: another did. */
export function insertFirstOrganization(storage: Storage, first: NewOrganization): Promise<FirstOrganization | null> {
  return storage.run({ operation: "create first organization", repeatable: true }, (database) =>
    database.transaction(async (transaction) => {
      await transaction.execute(sql`select pg_advisory_xact_lock(${FIRST_ORGANIZATION_LOCK}::bigint)`);
      const existing = await firstOrganizationOn(transaction);
      // Ours already: the connection broke after an earlier try had committed.
      if (existing) return existing.organizationId === first.organizationId ? existing : null;
      const createdAt = new Date(first.createdAtMs);
      await transaction.insert(organizations).values({ id: first.organizationId, name: first.organizationName, createdAt });
      await transaction.insert(workspaces).values({
        id: first.workspaceId,
        organizationId: first.organizationId,
        name: first.workspaceName,
        isDefault: true,
        createdAt,
      });
      await insertApiKeyOn(transaction, first.apiKey);
      return { organizationId: first.organizationId, workspaceId: first.workspaceId };
    }),
  );
}

export interface OrganizationRow {
  readonly id: string;
  readonly name: string;
}

export async function findOrganization(storage: Storage, id: string): Promise<OrganizationRow | null> {
  const rows = await storage.run({ operation: "find organization", repeatable: true }, (database) =>
    database.select({ id: organizations.id, name: organizations.name }).from(organizations).where(eq(organizations.id, id)),
  );
  return rows[0] ?? null;
}

async function firstOrganizationOn(database: Pick<Database, "select">): Promise<FirstOrganization | null> {
  const rows = await database
    .select({ organizationId: organizations.id, workspaceId: workspaces.id })
    .from(organizations)
    .innerJoin(workspaces, and(eq(workspaces.organizationId, organizations.id), eq(workspaces.isDefault, true)))
    .orderBy(asc(organizations.createdAt))
    .limit(1);
  return rows[0] ?? null;
}
