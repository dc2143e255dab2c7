import type { UsageSums } from "../../storage/usage-rollups.ts";

export interface CostPart {
  readonly costType: "tokens" | "web_search";
  /** Null for what is no token. */
  readonly tokenType: TokenType | null;
  readonly nanoUsd: bigint;
}

export type TokenType =
  | "uncached_input_tokens"
  | "cache_read_input_tokens"
  | "cache_creation.ephemeral_5m_input_tokens"
  | "cache_creation.ephemeral_1h_input_tokens"
  | "output_tokens";

/** A sum's cost by what was paid for; parts that cost nothing are left out. */
export function costParts(sums: UsageSums): readonly CostPart[] {
  const token = (tokenType: TokenType, nanoUsd: bigint): CostPart => ({ costType: "tokens", tokenType, nanoUsd });
  return [
    token("uncached_input_tokens", sums.inputNanoUsd),
    token("cache_read_input_tokens", sums.cacheReadNanoUsd),
    token("cache_creation.ephemeral_5m_input_tokens", sums.cacheWrite5mNanoUsd),
    token("cache_creation.ephemeral_1h_input_tokens", sums.cacheWrite1hNanoUsd),
    token("output_tokens", sums.outputNanoUsd),
    { costType: "web_search" as const, tokenType: null, nanoUsd: sums.webSearchNanoUsd },
  ].filter(({ nanoUsd }) => nanoUsd > 0n);
}

export function totalNanoUsd(sums: UsageSums): bigint {
  return (
    sums.inputNanoUsd +
    sums.cacheReadNanoUsd +
    sums.cacheWrite5mNanoUsd +
    sums.cacheWrite1hNanoUsd +
    sums.outputNanoUsd +
    sums.webSearchNanoUsd
  );
}
