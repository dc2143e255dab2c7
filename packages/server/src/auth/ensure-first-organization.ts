import { findFirstOrganization, insertFirstOrganization, type FirstOrganization } from "../storage/organizations.ts";
import { newOrganization } from "../tenancy/create-organization.ts";
import { SYSTEM, toAuditedAct, type TenancyDeps } from "../tenancy/tenancy-deps.ts";

/** Creates the organization and its default workspace in an empty database; else finds them. */
export async function ensureFirstOrganization(deps: TenancyDeps): Promise<FirstOrganization> {
  const { storage, clock } = deps;
  const existing = await findFirstOrganization(storage);
  if (existing) return existing;
  const { organization, workspace } = newOrganization("My organization", clock.nowMs());
  const act = toAuditedAct(deps, { ...SYSTEM, organizationId: organization.id });
  const inserted = await insertFirstOrganization(storage, { organization, workspace, act });
  // Null: another process was faster; its transaction is committed by now.
  const ensured = inserted ?? (await findFirstOrganization(storage));
  if (ensured === null) throw new Error("no organization could be created or found");
  return ensured;
}
