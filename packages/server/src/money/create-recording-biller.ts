import type { Biller, Bill } from "./biller.ts";
import { computeCost } from "./compute-cost.ts";
import type { PriceBook } from "./price-book.ts";

/** A biller that computes what turns cost, and neither holds nor refuses. */
export function createRecordingBiller({ prices }: { readonly prices: PriceBook }): Biller {
  return {
    async hold(_principal, { model, serviceTier, inferenceGeo, startedAtMs }) {
      const price = prices.priceOf(model, startedAtMs);
      return {
        bill: (usage): Bill => ({
          priceReference: price.reference,
          cost: computeCost(price, {
            usage,
            webSearches: usage.serverToolUse?.webSearchRequests ?? 0,
            serviceTier,
            inferenceGeo,
          }),
          isCharged: false,
        }),
        extend: async () => true,
        settled: () => {},
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}
