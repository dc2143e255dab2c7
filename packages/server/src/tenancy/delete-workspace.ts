import { fail } from "../platform/fail.ts";
import { changeAudited } from "../storage/audit-log.ts";
import { findDataPolicyOn, putDataPolicyOn } from "../storage/data-policies.ts";
import { deleteWorkspaceMembersOn } from "../storage/workspace-members.ts";
import { findKnownWorkspaceOn, updateWorkspaceOn } from "../storage/workspaces.ts";
import { notFound } from "./not-found.ts";
import { toAuditedAct, type Act, type TenancyDeps } from "./tenancy-deps.ts";

/**
 * Deletes an archived workspace: from now on it answers like one that never was, and keeps nothing. Its content is then for
 * the caller to remove (`Retention.empty`); the retention job does where the caller does not come to it. The ledger, the
 * audit log and the names that statements call it and its keys by stay. Deleting twice is fine.
 */
export function deleteWorkspace(deps: TenancyDeps, act: Act, workspaceId: string): Promise<void> {
  return changeAudited(deps.storage, "delete workspace", toAuditedAct(deps, act), async (queries, record) => {
    const workspace = await findKnownWorkspaceOn(queries, act.organizationId, workspaceId);
    if (!workspace) throw notFound("Workspace", workspaceId);
    if (workspace.deletedAt) return;
    if (!workspace.archivedAt) {
      throw fail("invalid_request_error", { public: "Only an archived workspace can be deleted: archive it first." });
    }
    const deletedAt = new Date(deps.clock.nowMs());
    await updateWorkspaceOn(queries, workspace.id, { deletedAt });
    await deleteWorkspaceMembersOn(queries, workspace.id);
    const policy = await findDataPolicyOn(queries, workspace.id);
    await putDataPolicyOn(queries, workspace.id, { ...policy, zeroDataRetention: true }, deletedAt);
    await record({
      action: "workspace.delete",
      target: { type: "workspace", id: workspace.id },
      before: { name: workspace.name, deleted_at: null },
      after: { deleted_at: deletedAt.toISOString() },
    });
  });
}
