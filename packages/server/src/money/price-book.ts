import { resolveClaudeModel } from "../models/resolve-claude-model.ts";
import { PLATFORM_PRICES, type Price } from "./prices.ts";

export interface PriceBook {
  /** The price of a turn that begins at a time. An operator's own price wins over the platform's. */
  priceOf(model: { readonly id: string; readonly weights: string }, atMs: number): Price;
}

/** Weights under their own name have no price until their operator sets one. */
const FREE: Price = {
  reference: "free",
  model: "",
  fromMs: 0,
  inputNanoUsdPerToken: 0n,
  outputNanoUsdPerToken: 0n,
  longContext: null,
};

/** `own` are the operator's prices, by model id or by the name of weights. */
export function createPriceBook(own: readonly Price[] = []): PriceBook {
  const ownByModel = byModel(own);
  const platformByModel = byModel(PLATFORM_PRICES);

  return {
    priceOf({ id, weights }, atMs) {
      const claude = resolveClaudeModel(id)?.model.id;
      // An id that the table does not know has the rules of the newest of its line, and its price.
      const history =
        ownByModel.get(id) ??
        (claude ? (ownByModel.get(claude) ?? platformByModel.get(claude)) : undefined) ??
        ownByModel.get(weights);
      return history?.findLast((price) => price.fromMs <= atMs) ?? history?.[0] ?? FREE;
    },
  };
}

/** Each model's prices, the earliest first. */
function byModel(prices: readonly Price[]): ReadonlyMap<string, readonly Price[]> {
  return new Map(
    [...Map.groupBy(prices, (each) => each.model)].map(([id, list]) => [id, list.toSorted((a, b) => a.fromMs - b.fromMs)]),
  );
}
