import { commitPriority, PRIORITY_CLASSES } from "../../tenancy/commit-priority.ts";
import { chooseOrganization } from "../choose-organization.ts";
import { type CliContext, UserError } from "../cli-context.ts";
import { withTenancy } from "../with-tenancy.ts";

export interface PriorityOptions {
  readonly organization?: string;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
}

export async function setPriority(modelClass: string, options: PriorityOptions, context: CliContext): Promise<void> {
  if (!PRIORITY_CLASSES.includes(modelClass)) {
    throw new UserError(`There is no class ${modelClass}: choose one of ${PRIORITY_CLASSES.join(", ")}.`);
  }
  const { inputTokens, outputTokens } = options;
  if ((inputTokens === undefined) !== (outputTokens === undefined)) {
    throw new UserError("A commitment needs both --input-tokens and --output-tokens.");
  }
  const commitment =
    inputTokens === undefined || outputTokens === undefined
      ? null
      : { inputTokensPerMinute: inputTokens, outputTokensPerMinute: outputTokens };
  await withTenancy(context, async (deps, doer) => {
    const organizationId = await chooseOrganization(deps.storage, options.organization);
    await commitPriority(deps, { ...doer, organizationId }, modelClass, commitment);
    const what = commitment ? `${inputTokens} input and ${outputTokens} output tokens a minute` : "no capacity";
    context.say(`Organization ${organizationId} is promised ${what} of ${modelClass} models.`);
    context.emit({ organization_id: organizationId, model_class: modelClass, commitment });
  });
}
