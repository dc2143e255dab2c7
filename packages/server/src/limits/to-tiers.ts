import type { Config } from "../platform/config.ts";
import { ConfigError } from "../platform/config.ts";
import { DEFAULT_LIMITS, type ModelClassLimits, type OrganizationLimits } from "./limits-config.ts";
import { type Acceleration, organizationLimits } from "./limit-policy.ts";
import { PLATFORM_TIERS, type Tier } from "./tiers.ts";

type ConfiguredTier = NonNullable<Config["limits"]["tiers"]>[number];

/** The tiers that the operator wrote, or the platform's. */
export function toTiers(configured: Config["limits"]["tiers"]): readonly Tier[] {
  return (configured ?? []).length === 0 ? PLATFORM_TIERS : (configured ?? []).map(toTier);
}

/** What organizations have that were given no tier. Throws `ConfigError` for a tier that is not in the table. */
export function toDefaultLimits(limits: Config["limits"], tiers: readonly Tier[]): OrganizationLimits {
  const generous: OrganizationLimits = {
    ...DEFAULT_LIMITS,
    default: {
      requests: limits.requests_per_minute,
      inputTokens: limits.input_tokens_per_minute,
      outputTokens: limits.output_tokens_per_minute,
    },
  };
  if (limits.tier === null) return generous;
  if (!tiers.some((tier) => tier.name === limits.tier)) {
    const remedy = `must be one of ${tiers.map((tier) => tier.name).join(", ")}, or null`;
    throw new ConfigError([{ key: "limits.tier", value: limits.tier, remedy, from: "the configuration" }]);
  }
  return organizationLimits({ tier: limits.tier, customLimits: null }, tiers, generous);
}

/** How steeply use may rise; null: as it likes. */
export function toAcceleration(limits: Config["limits"]): Acceleration | null {
  const { acceleration_factor: factor, acceleration_start_tokens_per_minute: startTokensPerMinute } = limits;
  return factor === null ? null : { factor, startTokensPerMinute };
}

function toTier(tier: ConfiguredTier): Tier {
  return {
    name: tier.name,
    monthlySpendUsd: tier.monthly_spend_usd,
    advanceAtUsd: tier.advance_at_usd,
    limits: toLimits(tier.limits),
    modelClasses: Object.fromEntries(Object.entries(tier.model_classes).map(([name, limits]) => [name, toLimits(limits)])),
    countTokensRequestsPerMinute: tier.count_tokens_requests_per_minute,
    batchQueueRequests: tier.batch_queue_requests,
  };
}

function toLimits(limits: ConfiguredTier["limits"]): ModelClassLimits {
  return {
    requests: limits.requests_per_minute,
    inputTokens: limits.input_tokens_per_minute,
    outputTokens: limits.output_tokens_per_minute,
    ...(limits.tokens_per_minute === undefined ? {} : { totalTokens: limits.tokens_per_minute }),
  };
}
