import { type Price, price } from "./prices.ts";

export interface OwnPrice {
  readonly model: string;
  readonly input_usd_per_mtok: number;
  readonly output_usd_per_mtok: number;
  /** YYYY-MM-DD. */
  readonly from: string;
}

/** The prices of the configuration. */
export function toOwnPrices(prices: readonly OwnPrice[]): readonly Price[] {
  return prices.map((own) => price(own.model, own.from, [perToken(own.input_usd_per_mtok), perToken(own.output_usd_per_mtok)]));
}

function perToken(usdPerMtok: number): bigint {
  return BigInt(Math.round(usdPerMtok * 1_000));
}
