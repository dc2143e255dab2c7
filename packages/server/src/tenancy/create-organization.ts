import { randomUUID } from "node:crypto";
import { insertOrganization, type FirstOrganization, type OrganizationRow } from "../storage/organizations.ts";
import type { WorkspaceRow } from "../storage/workspaces.ts";
import { newWorkspace } from "./manage-workspaces.ts";
import { toAuditedAct, type Doer, type TenancyDeps } from "./tenancy-deps.ts";

/** The rows of an organization and of its default workspace; no I/O. */
export function newOrganization(name: string, nowMs: number): { organization: OrganizationRow; workspace: WorkspaceRow } {
  const organization = { id: randomUUID(), name, createdAt: new Date(nowMs) };
  const settings = {
    name: "Default",
    displayColor: null,
    tags: {},
    allowedInferenceGeos: null,
    defaultInferenceGeo: "global" as const,
  };
  return { organization, workspace: newWorkspace(organization.id, settings, true, nowMs) };
}

export async function createOrganization(deps: TenancyDeps, name: string, doer: Doer): Promise<FirstOrganization> {
  const { organization, workspace } = newOrganization(name, deps.clock.nowMs());
  const act = toAuditedAct(deps, { ...doer, organizationId: organization.id });
  await insertOrganization(deps.storage, { organization, workspace, act });
  return { organizationId: organization.id, workspaceId: workspace.id };
}
