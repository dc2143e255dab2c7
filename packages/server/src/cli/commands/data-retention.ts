import { type DataPolicyValues, findDataPolicy } from "../../storage/data-policies.ts";
import { findWorkspaceAnywhere } from "../../storage/workspaces.ts";
import { setDataRetention } from "../../tenancy/set-data-retention.ts";
import { type CliContext, UserError } from "../cli-context.ts";
import { confirm } from "../confirm.ts";
import { withContent } from "../with-content.ts";
import { withTenancy } from "../with-tenancy.ts";

/** `usual`: as where nothing is set. */
export type RetentionDays = number | "usual";

export interface RetentionOptions {
  /** Usually the server's. */
  readonly days?: RetentionDays;
  /** Usually until they expire or are deleted. */
  readonly fileDays?: RetentionDays;
}

/** Shows how long a workspace's content is kept; with options it is set first. */
export async function changeDataRetention(id: string, options: RetentionOptions, context: CliContext): Promise<void> {
  const { days, fileDays } = options;
  await change(
    id,
    {
      ...(days === undefined ? {} : { retentionDays: days === "usual" ? null : days }),
      ...(fileDays === undefined ? {} : { fileRetentionDays: fileDays === "usual" ? null : fileDays }),
    },
    context,
  );
}

export async function setZeroRetention(
  id: string,
  options: { readonly off?: boolean; readonly yes?: boolean },
  context: CliContext,
): Promise<void> {
  const zeroDataRetention = options.off !== true;
  if (zeroDataRetention)
    await confirm(`Delete the files and batches of ${id}, and store nothing of it any more?`, options, context);
  await change(id, { zeroDataRetention }, context);
}

async function change(id: string, values: Partial<DataPolicyValues>, context: CliContext): Promise<void> {
  await withTenancy(context, async (deps, doer) => {
    const workspace = await findWorkspaceAnywhere(deps.storage, id);
    if (!workspace) throw new UserError(`There is no workspace ${id}.`);
    const act = { ...doer, organizationId: workspace.organizationId };
    const isChange = Object.keys(values).length > 0;
    const policy = isChange ? await setDataRetention(deps, act, id, values) : await findDataPolicy(deps.storage, id);
    if (policy.zeroDataRetention) await withContent(context, deps, (retention) => retention.empty(id));
    const days = policy.retentionDays ?? context.config.retention.days;
    const ofFiles = policy.fileRetentionDays === null ? "until they expire or are deleted" : `${policy.fileRetentionDays} days`;
    context.say(
      policy.zeroDataRetention
        ? `Workspace ${id} has zero data retention: its files and batches are deleted. Running servers go by it within a second.`
        : `Workspace ${id} keeps prompts and replies for ${days} days at most, files ${ofFiles}.`,
    );
    context.emit({
      workspace_id: id,
      zero_data_retention: policy.zeroDataRetention,
      retention_days: days,
      file_retention_days: policy.fileRetentionDays,
    });
  });
}
