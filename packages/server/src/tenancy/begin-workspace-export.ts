import { changeAudited } from "../storage/audit-log.ts";
import { findWorkspaceOn, type WorkspaceRow } from "../storage/workspaces.ts";
import { notFound } from "./not-found.ts";
import { toAuditedAct, type Act, type TenancyDeps } from "./tenancy-deps.ts";

/** Writes down who takes a copy of a workspace, before they get a byte of it. */
export function beginWorkspaceExport(deps: TenancyDeps, act: Act, workspaceId: string): Promise<WorkspaceRow> {
  return changeAudited(deps.storage, "begin workspace export", toAuditedAct(deps, act), async (queries, record) => {
    const workspace = await findWorkspaceOn(queries, act.organizationId, workspaceId);
    if (!workspace) throw notFound("Workspace", workspaceId);
    await record({ action: "workspace.export", target: { type: "workspace", id: workspace.id }, before: null, after: null });
    return workspace;
  });
}
