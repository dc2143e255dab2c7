import { asc, and, eq, sql } from "drizzle-orm";
import { recordActsOn, type AuditedAct } from "./audit-log.ts";
import { organizations, workspaces } from "./schema.ts";
import type { Queries, Storage } from "./storage.ts";
import { insertWorkspaceOn, type WorkspaceRow } from "./workspaces.ts";

export interface FirstOrganization {
  readonly organizationId: string;
  readonly workspaceId: string;
}

export type OrganizationRow = typeof organizations.$inferSelect;

export interface NewOrganization {
  readonly organization: OrganizationRow;
  /** The default one. */
  readonly workspace: WorkspaceRow;
  readonly act: AuditedAct;
}

/** Any number that nothing else in the database locks. */
const FIRST_ORGANIZATION_LOCK = "123628813444474";

/** The oldest organization and its default workspace; null in a fresh database. */
export function findFirstOrganization(storage: Storage): Promise<FirstOrganization | null> {
  return storage.run({ operation: "find first organization", repeatable: true }, firstOrganizationOn);
}

/** Creates both rows unless an organization exists. Of several processes at once one creates. Null: another did. */
export function insertFirstOrganization(storage: Storage, first: NewOrganization): Promise<FirstOrganization | null> {
  return storage.run({ operation: "create first organization", repeatable: true }, (database) =>
    database.transaction(async (transaction) => {
      await transaction.execute(sql`select pg_advisory_xact_lock(${FIRST_ORGANIZATION_LOCK}::bigint)`);
      const existing = await firstOrganizationOn(transaction);
      // Ours already: the connection broke after an earlier try had committed.
      if (existing) return existing.organizationId === first.organization.id ? existing : null;
      await insertOrganizationOn(transaction, first);
      return { organizationId: first.organization.id, workspaceId: first.workspace.id };
    }),
  );
}

export function insertOrganization(storage: Storage, organization: NewOrganization): Promise<void> {
  return storage.run({ operation: "create organization", repeatable: false }, (database) =>
    database.transaction((transaction) => insertOrganizationOn(transaction, organization)),
  );
}

async function insertOrganizationOn(queries: Queries, { organization, workspace, act }: NewOrganization): Promise<void> {
  await queries.insert(organizations).values(organization);
  await insertWorkspaceOn(queries, workspace);
  await recordActsOn(queries, act, async (record) => {
    const { id, name } = organization;
    await record({ action: "organization.create", target: { type: "organization", id }, before: null, after: { name } });
    const after = { name: workspace.name, is_default: true };
    await record({ action: "workspace.create", target: { type: "workspace", id: workspace.id }, before: null, after });
  });
}

export async function findOrganization(storage: Storage, id: string): Promise<OrganizationRow | null> {
  const rows = await storage.run({ operation: "find organization", repeatable: true }, (database) =>
    database.select().from(organizations).where(eq(organizations.id, id)),
  );
  return rows[0] ?? null;
}

/** Oldest first. */
export function listOrganizations(storage: Storage): Promise<OrganizationRow[]> {
  return storage.run({ operation: "list organizations", repeatable: true }, (database) =>
    database.select().from(organizations).orderBy(asc(organizations.createdAt), asc(organizations.id)),
  );
}

async function firstOrganizationOn(queries: Pick<Queries, "select">): Promise<FirstOrganization | null> {
  const rows = await queries
    .select({ organizationId: organizations.id, workspaceId: workspaces.id })
    .from(organizations)
    .innerJoin(workspaces, and(eq(workspaces.organizationId, organizations.id), eq(workspaces.isDefault, true)))
    .orderBy(asc(organizations.createdAt))
    .limit(1);
  return rows[0] ?? null;
}
