import fc from "fast-check";
import { expect, test } from "vitest";
import { loadConfig } from "../platform/config.ts";
import { DEFAULT_LIMITS } from "./limits-config.ts";
import { organizationLimits } from "./limit-policy.ts";
import { advanceTier, PLATFORM_TIERS } from "./tiers.ts";
import { toDefaultLimits, toTiers } from "./to-tiers.ts";

const usd = (amount: number) => BigInt(amount) * 1_000_000_000n;
const advance = (current: string, depositUsd: number, spentUsd: number) =>
  advanceTier(PLATFORM_TIERS, current, { depositedNanoUsd: usd(depositUsd), spentNanoUsd: usd(spentUsd) });

test.each([
  ["1", 5, 0, "1"],
  ["1", 39, 39, "1"],
  ["1", 40, 0, "2"],
  ["1", 0, 40, "2"],
  ["1", 200, 3, "3"],
  ["2", 0, 400, "4"],
  ["4", 0, 0, "4"],
  ["custom", 9_000, 9_000, "custom"],
])("an organization of tier %s that paid in %d and spent %d dollars has tier %s", (current, deposit, spent, expected) => {
  expect(advance(current, deposit, spent)).toBe(expected);
});

test("no sum takes a tier away, and more never earns less", () => {
  const names = PLATFORM_TIERS.map((tier) => tier.name);
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.nat(2_000), fc.nat(2_000), fc.nat(2_000), (current, deposit, spent, more) => {
      const reached = names.indexOf(advance(current, deposit, spent));
      expect(reached).toBeGreaterThanOrEqual(names.indexOf(current));
      expect(names.indexOf(advance(current, deposit + more, spent))).toBeGreaterThanOrEqual(reached);
    }),
  );
});

test("tier 1 is the platform's: 50 requests, 30,000 input and 8,000 output tokens a minute", () => {
  expect(organizationLimits({ tier: "1", customLimits: null }, PLATFORM_TIERS, DEFAULT_LIMITS)).toMatchObject({
    tier: "1",
    default: { requests: 50, inputTokens: 30_000, outputTokens: 8_000 },
  });
});

test("an organization with a tier of its own writing has exactly those limits", () => {
  const own = { requests: 7, inputTokens: 8, outputTokens: 9 };
  expect(organizationLimits({ tier: "custom", customLimits: own }, PLATFORM_TIERS, DEFAULT_LIMITS).default).toEqual(own);
});

test("without a tier the limits are the configuration's own, and generous", () => {
  const { config } = loadConfig({ env: {} });
  expect(toDefaultLimits(config.limits, toTiers(config.limits.tiers))).toEqual(DEFAULT_LIMITS);
});

test("an operator's tiers have their own names, order and limits by model class", () => {
  const limits = { requests_per_minute: 10, input_tokens_per_minute: 20, output_tokens_per_minute: 30 };
  const { config } = loadConfig({
    env: { PARLEY_LIMITS_TIER: "scale" },
    overrides: {
      "limits.tiers": [
        { name: "start", limits },
        { name: "scale", limits, advance_at_usd: 9, model_classes: { opus: { ...limits, requests_per_minute: 1 } } },
      ],
    },
  });
  const tiers = toTiers(config.limits.tiers);
  expect(advanceTier(tiers, "start", { depositedNanoUsd: usd(9), spentNanoUsd: 0n })).toBe("scale");
  expect(toDefaultLimits(config.limits, tiers)).toMatchObject({
    tier: "scale",
    default: { requests: 10, inputTokens: 20, outputTokens: 30 },
    modelClasses: { opus: { requests: 1 } },
  });
});

test("a tier that is not in the table stops the start with the key and the choices", () => {
  const { config } = loadConfig({ env: { PARLEY_LIMITS_TIER: "9" } });
  expect(() => toDefaultLimits(config.limits, PLATFORM_TIERS)).toThrow(
    'limits.tier = "9" (from the configuration): must be one of 1, 2, 3, 4, or null',
  );
});
