import { changeAudited } from "../storage/audit-log.ts";
import { type DataPolicyValues, findDataPolicyOn, putDataPolicyOn } from "../storage/data-policies.ts";
import { limitFileLivesOn } from "../storage/retention.ts";
import { difference } from "./difference.ts";
import { findOpenWorkspace } from "./manage-workspaces.ts";
import { toAuditedAct, type Act, type TenancyDeps } from "./tenancy-deps.ts";

/**
 * Says how long a workspace's content is kept. What is kept beyond that goes with the next run of the retention job; of a
 * workspace that keeps nothing from now on everything does, and its caller need not wait for the job.
 */
export function setDataRetention(
  deps: TenancyDeps,
  act: Act,
  workspaceId: string,
  change: Partial<DataPolicyValues>,
): Promise<DataPolicyValues> {
  return changeAudited(deps.storage, "set data retention", toAuditedAct(deps, act), async (queries, record) => {
    const workspace = await findOpenWorkspace(queries, act, workspaceId);
    const current = await findDataPolicyOn(queries, workspace.id);
    const changed = { ...current, ...change };
    const [before, after] = difference(describe(current), describe(changed));
    if (Object.keys(after).length === 0) return current;
    await putDataPolicyOn(queries, workspace.id, changed, new Date(deps.clock.nowMs()));
    await limitFileLivesOn(queries, workspace.id);
    await record({ action: "workspace.data_retention", target: { type: "workspace", id: workspace.id }, before, after });
    return changed;
  });
}

function describe({ zeroDataRetention, retentionDays, fileRetentionDays }: DataPolicyValues): Record<string, unknown> {
  return {
    zero_data_retention: zeroDataRetention,
    retention_days: retentionDays,
    file_retention_days: fileRetentionDays,
  };
}
