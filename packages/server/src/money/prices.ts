import { type Rational, rational } from "./rational.ts";

export interface LongContext {
  /** A prompt with more tokens than this, cached ones included, pays the premium on the whole request. */
  readonly aboveTokens: number;
  readonly input: Rational;
  readonly output: Rational;
}

/** What a model's tokens cost from a day on. */
export interface Price {
  /** Stays with every row that it priced: the model and the day. */
  readonly reference: string;
  readonly model: string;
  /** Milliseconds since 1970. */
  readonly fromMs: number;
  readonly inputNanoUsdPerToken: bigint;
  readonly outputNanoUsdPerToken: bigint;
  readonly longContext: LongContext | null;
}

/** The premium of models whose window was widened from 200,000 to 1,000,000 tokens by a beta. */
const WIDENED: LongContext = { aboveTokens: 200_000, input: rational(2n), output: rational(3n, 2n) };

/** A dollar a million tokens is a thousand nano-dollars a token. */
export function price(
  model: string,
  from: string,
  [input, output]: readonly [inputNanoUsdPerToken: bigint, outputNanoUsdPerToken: bigint],
  longContext: LongContext | null = null,
): Price {
  return {
    reference: `${model}@${from}`,
    model,
    fromMs: Date.parse(`${from}T00:00:00Z`),
    inputNanoUsdPerToken: input,
    outputNanoUsdPerToken: output,
    longContext,
  };
}

/**
 * The platform's prices. A change of price is a further line with its day; a line is never edited, for rows refer to it.
 * Sources: the price tables of the reference documents (to Opus 4.6), the platform's price list as quoted elsewhere (newer
 * models). What neither tells follows the nearest model of its line; Mythos, of which nothing is published but its
 * preview, follows that.
 */
export const PLATFORM_PRICES: readonly Price[] = [
  price("claude-fable-5-2", "2026-11-09", [10_000n, 50_000n]),
  price("claude-mythos-5-2", "2026-11-09", [25_000n, 125_000n]),
  price("claude-haiku-5-5", "2026-10-07", [100n, 500n]),
  price("claude-sonnet-5-5", "2026-09-28", [2_000n, 10_000n]),
  price("claude-fable-5-1", "2026-09-22", [10_000n, 50_000n]),
  price("claude-opus-5-5", "2026-09-22", [4_000n, 20_000n]),
  price("claude-mythos-5-1", "2026-09-22", [25_000n, 125_000n]),
  price("claude-opus-5", "2026-07-24", [5_000n, 25_000n]),
  price("claude-sonnet-5", "2026-06-30", [2_000n, 10_000n]),
  price("claude-fable-5", "2026-06-09", [10_000n, 50_000n]),
  price("claude-mythos-5", "2026-06-09", [25_000n, 125_000n]),
  price("claude-opus-4-8", "2026-05-28", [5_000n, 25_000n]),
  price("claude-opus-4-7", "2026-04-16", [5_000n, 25_000n]),
  price("claude-mythos-preview", "2026-04-07", [25_000n, 125_000n]),
  price("claude-sonnet-4-6", "2026-02-17", [3_000n, 15_000n]),
  price("claude-opus-4-6", "2026-02-05", [5_000n, 25_000n]),
  price("claude-opus-4-5-20251101", "2025-11-24", [5_000n, 25_000n]),
  price("claude-haiku-4-5-20251001", "2025-10-15", [1_000n, 5_000n]),
  price("claude-sonnet-4-5-20250929", "2025-09-29", [3_000n, 15_000n], WIDENED),
  price("claude-opus-4-1-20250805", "2025-08-05", [15_000n, 75_000n]),
  price("claude-opus-4-20250514", "2025-05-22", [15_000n, 75_000n]),
  price("claude-sonnet-4-20250514", "2025-05-22", [3_000n, 15_000n], WIDENED),
  price("claude-3-7-sonnet-20250219", "2025-02-24", [3_000n, 15_000n]),
  price("claude-3-5-haiku-20241022", "2024-10-22", [800n, 4_000n]),
  price("claude-3-5-sonnet-20241022", "2024-10-22", [3_000n, 15_000n]),
  price("claude-3-haiku-20240307", "2024-03-07", [250n, 1_250n]),
  price("claude-3-opus-20240229", "2024-02-29", [15_000n, 75_000n]),
];

/** The model's own multipliers apart, these hold for all. */
export const CACHE_WRITE_5M = rational(5n, 4n);
export const CACHE_WRITE_1H = rational(2n);
export const CACHE_READ = rational(1n, 10n);
export const BATCH = rational(1n, 2n);
/** `inference_geo: us`. */
export const US_ONLY = rational(11n, 10n);
/** 10 dollars a thousand searches. */
export const NANO_USD_PER_WEB_SEARCH = 10_000_000n;
