import fc from "fast-check";
import { expect, test } from "vitest";
import { CLAUDE_MODELS } from "../models/claude-models.ts";
import { type Billable, computeCost } from "./compute-cost.ts";
import { formatCents, formatUsd, usdToNanoUsd } from "./nano-usd.ts";
import { createPriceBook } from "./price-book.ts";
import { PLATFORM_PRICES, price } from "./prices.ts";

const NOTHING = { inputTokens: 0, cacheReadTokens: 0, cacheWrite5mTokens: 0, cacheWrite1hTokens: 0, outputTokens: 0 };
const MILLION = 1_000_000;
const NOW_MS = Date.UTC(2026, 10, 21);
const book = createPriceBook();

/** Dollars that a turn costs, as text. */
function usd(model: string, usage: Partial<Billable["usage"]>, other: Partial<Billable> = {}): string {
  const cost = computeCost(book.priceOf({ id: model, weights: "any" }, NOW_MS), {
    usage: { ...NOTHING, ...usage },
    webSearches: 0,
    serviceTier: "standard",
    inferenceGeo: "global",
    ...other,
  });
  return formatUsd(cost.total);
}

test.each([
  ["claude-opus-4-6", "5", "25"],
  ["claude-sonnet-4-6", "3", "15"],
  ["claude-opus-4-5-20251101", "5", "25"],
  ["claude-haiku-4-5-20251001", "1", "5"],
  ["claude-3-5-haiku-20241022", "0.8", "4"],
  ["claude-opus-4-1-20250805", "15", "75"],
  ["claude-opus-4-20250514", "15", "75"],
  ["claude-3-opus-20240229", "15", "75"],
  ["claude-3-haiku-20240307", "0.25", "1.25"],
  ["claude-opus-5-5", "4", "20"],
  ["claude-sonnet-5-5", "2", "10"],
  ["claude-haiku-5-5", "0.1", "0.5"],
  ["claude-fable-5-1", "10", "50"],
])("a million tokens of %s cost %s dollars in and %s dollars out", (model, input, output) => {
  expect(usd(model, { inputTokens: MILLION })).toBe(input);
  expect(usd(model, { outputTokens: MILLION })).toBe(output);
});

test("a cache write and one read cost 1.25 + 0.1 = 1.35 of the input, against 2 for two uncached requests", () => {
  expect(usd("claude-opus-4-6", { cacheWrite5mTokens: MILLION })).toBe("6.25");
  expect(usd("claude-opus-4-6", { cacheReadTokens: MILLION })).toBe("0.5");
  expect(usd("claude-opus-4-6", { cacheWrite5mTokens: MILLION, cacheReadTokens: MILLION })).toBe("6.75");
  expect(usd("claude-opus-4-6", { inputTokens: 2 * MILLION })).toBe("10");
  expect(usd("claude-opus-4-6", { cacheWrite1hTokens: MILLION })).toBe("10");
});

test("a batch costs half, and the discount stacks with the cache: over nine tenths saved", () => {
  const batch = { serviceTier: "batch" } as const;
  expect(usd("claude-opus-4-6", { inputTokens: MILLION }, batch)).toBe("2.5");
  expect(usd("claude-opus-4-6", { outputTokens: MILLION }, batch)).toBe("12.5");
  expect(usd("claude-sonnet-4-6", { inputTokens: MILLION }, batch)).toBe("1.5");
  expect(usd("claude-sonnet-4-6", { outputTokens: MILLION }, batch)).toBe("7.5");
  expect(usd("claude-haiku-4-5", { inputTokens: MILLION }, batch)).toBe("0.5");
  expect(usd("claude-haiku-4-5", { outputTokens: MILLION }, batch)).toBe("2.5");
  expect(usd("claude-opus-4-6", { cacheReadTokens: MILLION }, batch)).toBe("0.25");
});

test("inference in the US alone costs 1.1 of all token prices, on top of the others", () => {
  const us = { inferenceGeo: "us" } as const;
  expect(usd("claude-opus-4-6", { inputTokens: MILLION, outputTokens: MILLION }, us)).toBe("33");
  expect(usd("claude-opus-4-6", { cacheReadTokens: MILLION }, { ...us, serviceTier: "batch" })).toBe("0.275");
});

test("a thousand web searches cost 10 dollars, with no discount", () => {
  expect(usd("claude-opus-4-6", {}, { webSearches: 1000 })).toBe("10");
  expect(usd("claude-opus-4-6", {}, { webSearches: 1, serviceTier: "batch", inferenceGeo: "us" })).toBe("0.01");
});

test("a long prompt costs twice the input and half as much again of the output, where the model has a premium", () => {
  const long = { cacheReadTokens: 100_000, inputTokens: 100_001, outputTokens: 1_000 };
  // 100,000 x 0.1 x 6 + 100,001 x 6 + 1,000 x 22.5, in dollars a million.
  expect(usd("claude-sonnet-4-5", long)).toBe("0.682506");
  expect(usd("claude-sonnet-4-5", { ...long, inputTokens: 100_000 })).toBe("0.345");
  expect(usd("claude-opus-4-6", { inputTokens: 900_000 })).toBe("4.5");
});

test("rounding is up, once: a third of a nano-dollar in every part makes one nano-dollar", () => {
  const tiny = price("tiny", "2026-01-01", [1n, 1n]);
  const cost = computeCost(tiny, {
    usage: { ...NOTHING, cacheReadTokens: 3, cacheWrite5mTokens: 1, outputTokens: 1 },
    webSearches: 0,
    serviceTier: "batch",
    inferenceGeo: "us",
  });
  // (0.3 + 1.25 + 1) x 0.55 = 1.4025
  expect(cost).toEqual({ total: 2n, input: 0n, cacheRead: 1n, cacheWrite5m: 0n, cacheWrite1h: 0n, output: 1n, webSearch: 0n });
});

const tokens = fc.nat({ max: 2_000_000 });
const billable: fc.Arbitrary<Billable> = fc.record({
  usage: fc.record({
    inputTokens: tokens,
    cacheReadTokens: tokens,
    cacheWrite5mTokens: tokens,
    cacheWrite1hTokens: tokens,
    outputTokens: tokens,
  }),
  webSearches: fc.nat({ max: 50 }),
  serviceTier: fc.constantFrom("standard", "priority", "batch"),
  inferenceGeo: fc.constantFrom("us", "global", "not_available"),
});
const anyPrice = fc.oneof(
  fc.constantFrom(...PLATFORM_PRICES),
  fc
    .tuple(fc.bigInt({ min: 0n, max: 10n ** 7n }), fc.bigInt({ min: 0n, max: 10n ** 7n }))
    .map((pair) => price("own", "2026-01-01", pair)),
);

test("the parts of a cost always add up to it and are never negative", () => {
  fc.assert(
    fc.property(anyPrice, billable, (rate, turn) => {
      const { total, ...parts } = computeCost(rate, turn);
      expect(Object.values(parts).reduce((sum, part) => sum + part, 0n)).toBe(total);
      expect(Object.values(parts).every((part) => part >= 0n)).toBe(true);
    }),
  );
});

test("a cost is within a nano-dollar of the exact one, above it", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 6n }), billable, (rate, turn) => {
      const { usage } = turn;
      // In fortieths of a nano-dollar and then tenths, everything is whole.
      const weighted =
        BigInt(usage.inputTokens) * 20n +
        BigInt(usage.cacheReadTokens) * 2n +
        BigInt(usage.cacheWrite5mTokens) * 25n +
        BigInt(usage.cacheWrite1hTokens) * 40n +
        BigInt(usage.outputTokens) * 20n;
      const exact = weighted * rate * (turn.serviceTier === "batch" ? 1n : 2n) * (turn.inferenceGeo === "us" ? 11n : 10n);
      const over = computeCost(price("own", "2026-01-01", [rate, rate]), { ...turn, webSearches: 0 }).total * 400n - exact;
      expect(over >= 0n && over < 400n).toBe(true);
    }),
  );
});

test("using more never costs less", () => {
  const more = fc.constantFrom("inputTokens", "cacheReadTokens", "cacheWrite5mTokens", "cacheWrite1hTokens", "outputTokens");
  fc.assert(
    fc.property(anyPrice, billable, more, fc.nat({ max: 100_000 }), (rate, turn, kind, extra) => {
      const bigger = { ...turn, usage: { ...turn.usage, [kind]: turn.usage[kind] + extra } };
      expect(computeCost(rate, bigger).total >= computeCost(rate, turn).total).toBe(true);
    }),
  );
});

test("every Claude model has a price, and aliases, dated spellings and unknown ids of a line have one too", () => {
  for (const model of CLAUDE_MODELS) {
    expect(PLATFORM_PRICES.some((each) => each.model === model.id)).toBe(true);
    for (const id of [model.id, ...model.aliases]) {
      expect(book.priceOf({ id, weights: "w" }, NOW_MS).reference).toMatch(new RegExp(`^${model.id}@\\d{4}-\\d\\d-\\d\\d$`));
    }
  }
  expect(book.priceOf({ id: "claude-opus-9", weights: "w" }, NOW_MS).reference).toBe("claude-opus-5-5@2026-09-22");
  expect(book.priceOf({ id: "my-model", weights: "my-model" }, NOW_MS).reference).toBe("free");
});

test("an operator's price wins, by model or by weights, from its day on", () => {
  const own = createPriceBook([
    price("claude-opus-4-6", "2026-06-01", [4_000n, 20_000n]),
    price("claude-opus-4-6", "2026-09-01", [2_000n, 10_000n]),
    price("qwen", "2026-01-01", [10n, 30n]),
  ]);
  const opus = { id: "claude-opus-4-6", weights: "qwen" };
  expect(own.priceOf(opus, Date.UTC(2026, 7, 31)).inputNanoUsdPerToken).toBe(4_000n);
  expect(own.priceOf(opus, Date.UTC(2026, 8, 1)).inputNanoUsdPerToken).toBe(2_000n);
  expect(own.priceOf({ id: "qwen", weights: "qwen" }, NOW_MS).reference).toBe("qwen@2026-01-01");
  expect(own.priceOf({ id: "claude-haiku-4-5", weights: "qwen" }, NOW_MS).inputNanoUsdPerToken).toBe(1_000n);
});

test("amounts are written without rounding", () => {
  expect([0n, 1n, 12_050_500_000_0n, 10_000_000n, -5_000_000n].map(formatCents)).toEqual([
    "0",
    "0.0000001",
    "12050.5",
    "1",
    "-0.5",
  ]);
  expect([5, 0.000001, 1.1, 1000].map(usdToNanoUsd)).toEqual([5_000_000_000n, 1_000n, 1_100_000_000n, 1_000_000_000_000n]);
});
