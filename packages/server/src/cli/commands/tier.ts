import { ModelClassLimits } from "../../limits/limits-config.ts";
import { CUSTOM_TIER } from "../../limits/tiers.ts";
import { toTiers } from "../../limits/to-tiers.ts";
import { setOrganizationTier } from "../../tenancy/set-organization-tier.ts";
import { type CliContext, UserError } from "../cli-context.ts";
import { chooseOrganization } from "../choose-organization.ts";
import { withTenancy } from "../with-tenancy.ts";

export interface TierOptions {
  readonly organization?: string;
  readonly requests?: number;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
}

export async function setTier(tier: string, options: TierOptions, context: CliContext): Promise<void> {
  const names = [...toTiers(context.config.limits.tiers).map((each) => each.name), CUSTOM_TIER];
  if (!names.includes(tier)) throw new UserError(`There is no tier ${tier}: choose one of ${names.join(", ")}.`);
  const { requests, inputTokens, outputTokens } = options;
  const custom = ModelClassLimits.safeParse({ requests, inputTokens, outputTokens });
  if (tier === CUSTOM_TIER && !custom.success) {
    throw new UserError("The tier custom needs --requests, --input-tokens and --output-tokens.");
  }
  if (tier !== CUSTOM_TIER && [requests, inputTokens, outputTokens].some((limit) => limit !== undefined)) {
    throw new UserError("Limits of its own are for the tier custom.");
  }
  await withTenancy(context, async (deps, doer) => {
    const id = await chooseOrganization(deps.storage, options.organization);
    const customLimits = tier === CUSTOM_TIER ? (custom.data ?? null) : null;
    await setOrganizationTier(deps, { ...doer, organizationId: id }, { tier, customLimits });
    context.say(`Organization ${id} has tier ${tier}. Running servers go by it within a second.`);
    context.emit({ organization_id: id, tier });
  });
}
