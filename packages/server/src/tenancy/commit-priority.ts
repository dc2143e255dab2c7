import { changeAudited } from "../storage/audit-log.ts";
import { listPriorityCommitmentsOn, putPriorityCommitmentOn, type PriorityCommitmentRow } from "../storage/rate-limits.ts";
import { toAuditedAct, type Act, type TenancyDeps } from "./tenancy-deps.ts";

/** Classes of models for which capacity can be promised. */
export const PRIORITY_CLASSES: readonly string[] = ["haiku", "sonnet", "opus", "fable", "mythos", "local"];

/** Promises an organization capacity of one class of models; null ends the promise. */
export function commitPriority(
  deps: TenancyDeps,
  act: Act,
  modelClass: string,
  commitment: Omit<PriorityCommitmentRow, "modelClass"> | null,
): Promise<void> {
  return changeAudited(deps.storage, "commit priority", toAuditedAct(deps, act), async (queries, record) => {
    const all = await listPriorityCommitmentsOn(queries, act.organizationId);
    const before = all.find((each) => each.modelClass === modelClass) ?? null;
    await putPriorityCommitmentOn(queries, act.organizationId, modelClass, commitment);
    await record({
      action: "organization.priority",
      target: { type: "organization", id: act.organizationId },
      before: before && { ...before },
      after: commitment && { modelClass, ...commitment },
    });
  });
}
