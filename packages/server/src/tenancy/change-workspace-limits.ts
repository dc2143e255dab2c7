import { changeAudited } from "../storage/audit-log.ts";
import { changeWorkspaceRateLimitsOn, listWorkspaceRateLimitsOn } from "../storage/rate-limits.ts";
import { findOpenWorkspace } from "./manage-workspaces.ts";
import { toAuditedAct, type Act, type TenancyDeps } from "./tenancy-deps.ts";

/** Sets a workspace's own limits of one group, or clears those that are null. */
export function changeWorkspaceLimits(
  deps: TenancyDeps,
  act: Act,
  workspaceId: string,
  group: string,
  changes: readonly { readonly type: string; readonly value: number | null }[],
): Promise<void> {
  return changeAudited(deps.storage, "change workspace limits", toAuditedAct(deps, act), async (queries, record) => {
    const workspace = await findOpenWorkspace(queries, act, workspaceId);
    const read = async () => {
      const rows = await listWorkspaceRateLimitsOn(queries, workspace.id);
      return Object.fromEntries(rows.filter((row) => row.group === group).map((row) => [row.type, row.value]));
    };
    const before = await read();
    await changeWorkspaceRateLimitsOn(queries, workspace.id, group, changes);
    const after = await read();
    if (JSON.stringify(before) === JSON.stringify(after)) return;
    const target = { type: "workspace", id: workspace.id };
    await record({
      action: "workspace.rate_limits",
      target,
      before: { group, limits: before },
      after: { group, limits: after },
    });
  });
}
