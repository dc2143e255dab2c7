import type { ModelClassLimits } from "../limits/limits-config.ts";
import { advanceTier, CUSTOM_TIER, type Tier } from "../limits/tiers.ts";
import { changeAudited, type RecordAct } from "../storage/audit-log.ts";
import { findOrganizationTierOn, putOrganizationTierOn } from "../storage/rate-limits.ts";
import type { Queries } from "../storage/storage.ts";
import { SYSTEM, toAuditedAct, type Act, type TenancyDeps } from "./tenancy-deps.ts";

export interface TierChoice {
  readonly tier: string;
  /** Of the tier `custom` alone. */
  readonly customLimits: ModelClassLimits | null;
}

/** Gives an organization a tier, by the operator's hand. */
export function setOrganizationTier(deps: TenancyDeps, act: Act, choice: TierChoice): Promise<void> {
  return changeAudited(deps.storage, "set tier", toAuditedAct(deps, act), (queries, record) =>
    putTier(queries, record, act.organizationId, choice, deps.clock.nowMs()),
  );
}

/**
 * Moves an organization up to the tier that its payments and its spending have earned; money calls it when either grows.
 * Returns the tier that it now has, or null where nothing changed. An organization without a tier has none to leave.
 */
export function advanceOrganization(
  deps: TenancyDeps,
  options: {
    readonly organizationId: string;
    readonly tiers: readonly Tier[];
    /** The tier of organizations that have none of their own. */
    readonly defaultTier: string | null;
    readonly depositedNanoUsd: bigint;
    readonly spentNanoUsd: bigint;
  },
): Promise<string | null> {
  const { organizationId, tiers, defaultTier } = options;
  return changeAudited(
    deps.storage,
    "advance tier",
    toAuditedAct(deps, { ...SYSTEM, organizationId }),
    async (queries, record) => {
      const current = (await findOrganizationTierOn(queries, organizationId))?.tier ?? defaultTier;
      if (current === null) return null;
      const tier = advanceTier(tiers, current, options);
      if (tier === current) return null;
      await putTier(queries, record, organizationId, { tier, customLimits: null }, deps.clock.nowMs());
      return tier;
    },
  );
}

async function putTier(
  queries: Queries,
  record: RecordAct,
  organizationId: string,
  { tier, customLimits }: TierChoice,
  nowMs: number,
): Promise<void> {
  const before = await findOrganizationTierOn(queries, organizationId);
  const limits = tier === CUSTOM_TIER ? customLimits : null;
  await putOrganizationTierOn(queries, organizationId, { tier, customLimits: limits }, new Date(nowMs));
  await record({
    action: "organization.tier",
    target: { type: "organization", id: organizationId },
    before: before === null ? null : { tier: before.tier, limits: before.customLimits },
    after: { tier, limits },
  });
}
