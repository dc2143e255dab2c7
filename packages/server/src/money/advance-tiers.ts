import type { Tier } from "../limits/tiers.ts";
import { newId } from "../platform/ids.ts";
import { findOrganizationTier } from "../storage/rate-limits.ts";
import { listSpendAccounts } from "../storage/spend.ts";
import { setUsageTierCap } from "../storage/spend-limits.ts";
import { advanceOrganization } from "../tenancy/set-organization-tier.ts";
import type { TenancyDeps } from "../tenancy/tenancy-deps.ts";
import { usdToNanoUsd } from "./nano-usd.ts";

export interface TierTable {
  readonly tiers: readonly Tier[];
  /** The tier of organizations that have none of their own. */
  readonly defaultTier: string | null;
  /** Whether organizations advance by themselves. */
  readonly advances: boolean;
}

/** Moves organizations up to the tier that they have paid or spent for, and gives each its tier's monthly cap. */
export async function advanceTiers(deps: TenancyDeps, { tiers, defaultTier, advances }: TierTable): Promise<void> {
  for (const { organizationId, depositedNanoUsd, chargedNanoUsd } of await listSpendAccounts(deps.storage)) {
    if (advances) {
      await advanceOrganization(deps, { organizationId, tiers, defaultTier, depositedNanoUsd, spentNanoUsd: chargedNanoUsd });
    }
    const name = (await findOrganizationTier(deps.storage, organizationId))?.tier ?? defaultTier;
    // Without tiers the configured cap stays.
    if (name === null) continue;
    await setUsageTierCap(deps.storage, {
      id: newId("spl"),
      organizationId,
      amountNanoUsd: monthlyCapOf(tiers, name),
      nowMs: deps.clock.nowMs(),
    });
  }
}

/** Null: none, as of a tier of the operator's own. */
export function monthlyCapOf(tiers: readonly Tier[], name: string | null): bigint | null {
  const usd = tiers.find((tier) => tier.name === name)?.monthlySpendUsd ?? null;
  return usd === null ? null : usdToNanoUsd(usd);
}
