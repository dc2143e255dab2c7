import type { Usage } from "../turn/turn-event.ts";
import { BATCH, CACHE_READ, CACHE_WRITE_1H, CACHE_WRITE_5M, NANO_USD_PER_WEB_SEARCH, type Price, US_ONLY } from "./prices.ts";
import { add, multiply, ONE, type Rational, rational, roundUp, ZERO } from "./rational.ts";

/** What a turn used, as far as its price depends on it. */
export interface Billable {
  readonly usage: Pick<Usage, "inputTokens" | "cacheReadTokens" | "cacheWrite5mTokens" | "cacheWrite1hTokens" | "outputTokens">;
  readonly webSearches: number;
  readonly serviceTier: "standard" | "priority" | "batch";
  readonly inferenceGeo: string;
}

/** Parts of a cost in nano-dollars; `total` is exactly their sum. */
export interface Cost {
  readonly total: bigint;
  readonly input: bigint;
  readonly cacheRead: bigint;
  readonly cacheWrite5m: bigint;
  readonly cacheWrite1h: bigint;
  readonly output: bigint;
  readonly webSearch: bigint;
}

/**
 * The cost of a turn. Multipliers stack; only the total is rounded, up, once. The parts are cut so that they add up to it:
 * each is the step that it makes in the rounded running sum. Discounts and premiums are on tokens; a search costs what it
 * costs.
 */
export function computeCost(price: Price, { usage, webSearches, serviceTier, inferenceGeo }: Billable): Cost {
  const { longContext } = price;
  const isLong = longContext !== null && promptTokens(usage) > longContext.aboveTokens;
  const common = multiply(serviceTier === "batch" ? BATCH : ONE, inferenceGeo === "us" ? US_ONLY : ONE);
  const input = multiply(rational(price.inputNanoUsdPerToken), isLong ? longContext.input : ONE, common);
  const output = multiply(rational(price.outputNanoUsdPerToken), isLong ? longContext.output : ONE, common);

  let exact: Rational = ZERO;
  let rounded = 0n;
  const part = (tokens: number, ...rate: readonly Rational[]): bigint => {
    // Most kinds of most turns.
    if (tokens === 0) return 0n;
    exact = add(exact, multiply(rational(BigInt(tokens)), ...rate));
    const before = rounded;
    rounded = roundUp(exact);
    return rounded - before;
  };
  const parts = {
    input: part(usage.inputTokens, input),
    cacheRead: part(usage.cacheReadTokens, input, CACHE_READ),
    cacheWrite5m: part(usage.cacheWrite5mTokens, input, CACHE_WRITE_5M),
    cacheWrite1h: part(usage.cacheWrite1hTokens, input, CACHE_WRITE_1H),
    output: part(usage.outputTokens, output),
    webSearch: part(webSearches, rational(NANO_USD_PER_WEB_SEARCH)),
  };
  return { total: rounded, ...parts };
}

export function promptTokens(usage: Billable["usage"]): number {
  return usage.inputTokens + usage.cacheReadTokens + usage.cacheWrite5mTokens + usage.cacheWrite1hTokens;
}
