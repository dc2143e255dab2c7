import { fail } from "../platform/fail.ts";
import { changeAudited } from "../storage/audit-log.ts";
import {
  countContentOn,
  deleteStoredRepliesOn,
  hasZeroDataRetentionOn,
  putZeroDataRetentionOn,
} from "../storage/data-policies.ts";
import { findOpenWorkspace } from "./manage-workspaces.ts";
import { toAuditedAct, type Act, type TenancyDeps } from "./tenancy-deps.ts";

/**
 * Begins or ends zero data retention. Replies that are kept for `Idempotency-Key` are forgotten at once; a workspace that
 * has files or batches is refused, because whoever made them must decide about them.
 */
export function setZeroDataRetention(deps: TenancyDeps, act: Act, workspaceId: string, zero: boolean): Promise<void> {
  return changeAudited(deps.storage, "set data retention", toAuditedAct(deps, act), async (queries, record) => {
    const workspace = await findOpenWorkspace(queries, act, workspaceId);
    const before = await hasZeroDataRetentionOn(queries, workspace.id);
    if (before === zero) return;
    if (zero) {
      const { files, batches } = await countContentOn(queries, workspace.id);
      if (files + batches > 0) {
        throw fail("invalid_request_error", {
          public: `The workspace still has ${files} files and ${batches} batches: delete them first.`,
        });
      }
      await deleteStoredRepliesOn(queries, workspace.id);
    }
    await putZeroDataRetentionOn(queries, workspace.id, zero, new Date(deps.clock.nowMs()));
    const target = { type: "workspace", id: workspace.id };
    await record({
      action: "workspace.data_retention",
      target,
      before: { zero_data_retention: before },
      after: { zero_data_retention: zero },
    });
  });
}
