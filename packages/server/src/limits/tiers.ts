import type { ModelClassLimits } from "./limits-config.ts";

/** What an organization of a tier may use. */
export interface Tier {
  readonly name: string;
  /** What it may spend a month, in US dollars; null: no cap. */
  readonly monthlySpendUsd: number | null;
  /** Reached by paying in or by spending this much in all, in US dollars; null: only by the operator's hand. */
  readonly advanceAtUsd: number | null;
  readonly limits: ModelClassLimits;
  /** By model class, instead of `limits`. */
  readonly modelClasses: Readonly<Record<string, ModelClassLimits>>;
  readonly countTokensRequestsPerMinute: number;
  /** Requests in batches that may wait at once. */
  readonly batchQueueRequests: number;
}

const perMinute = (requests: number, inputTokens: number, outputTokens: number): ModelClassLimits => ({
  requests,
  inputTokens,
  outputTokens,
});

/**
 * The platform's tiers. Sources: surface.md H (caps; limits of Opus 4 and Sonnet 4; batch queue; deposits of older documents).
 * Haiku's larger token limits are not published there, so one row serves every class.
 */
export const PLATFORM_TIERS: readonly Tier[] = [
  {
    name: "1",
    monthlySpendUsd: 100,
    advanceAtUsd: 5,
    limits: perMinute(50, 30_000, 8_000),
    modelClasses: {},
    countTokensRequestsPerMinute: 100,
    batchQueueRequests: 100_000,
  },
  {
    name: "2",
    monthlySpendUsd: 500,
    advanceAtUsd: 40,
    limits: perMinute(1_000, 450_000, 90_000),
    modelClasses: {},
    countTokensRequestsPerMinute: 2_000,
    batchQueueRequests: 200_000,
  },
  {
    name: "3",
    monthlySpendUsd: 1_000,
    advanceAtUsd: 200,
    limits: perMinute(2_000, 800_000, 160_000),
    modelClasses: {},
    countTokensRequestsPerMinute: 4_000,
    batchQueueRequests: 300_000,
  },
  {
    name: "4",
    monthlySpendUsd: 5_000,
    advanceAtUsd: 400,
    limits: perMinute(4_000, 2_000_000, 400_000),
    modelClasses: {},
    countTokensRequestsPerMinute: 8_000,
    batchQueueRequests: 500_000,
  },
];

/** An organization whose limits the operator wrote for it alone; it neither advances nor has a cap. */
export const CUSTOM_TIER = "custom";

const NANO_PER_USD = 1_000_000_000n;

/**
 * The tier that an organization has earned by what it paid in and what it spent: the highest whose threshold either sum
 * reaches, and never a lower one than it has. A tier outside the table, such as `custom`, stays.
 */
export function advanceTier(
  tiers: readonly Tier[],
  current: string,
  earned: { readonly depositedNanoUsd: bigint; readonly spentNanoUsd: bigint },
): string {
  const at = tiers.findIndex((tier) => tier.name === current);
  if (at === -1) return current;
  const reached = earned.depositedNanoUsd > earned.spentNanoUsd ? earned.depositedNanoUsd : earned.spentNanoUsd;
  const higher = tiers
    .slice(at + 1)
    .filter((tier) => tier.advanceAtUsd !== null && reached >= BigInt(tier.advanceAtUsd) * NANO_PER_USD);
  return higher.at(-1)?.name ?? current;
}
