import { findWorkspaceAnywhere } from "../../storage/workspaces.ts";
import { setZeroDataRetention } from "../../tenancy/set-zero-data-retention.ts";
import { type CliContext, UserError } from "../cli-context.ts";
import { withTenancy } from "../with-tenancy.ts";

export async function setDataRetention(id: string, options: { readonly off?: boolean }, context: CliContext): Promise<void> {
  const zero = options.off !== true;
  await withTenancy(context, async (deps, doer) => {
    const workspace = await findWorkspaceAnywhere(deps.storage, id);
    if (!workspace) throw new UserError(`There is no workspace ${id}.`);
    await setZeroDataRetention(deps, { ...doer, organizationId: workspace.organizationId }, id, zero);
    context.say(`Workspace ${id} has ${zero ? "zero" : "the usual"} data retention. Running servers go by it within a second.`);
    context.emit({ workspace_id: id, zero_data_retention: zero });
  });
}
