/** What the planner knows of a job. */
export interface Plannable {
  readonly sequenceId: number;
  /** Prompt tokens that are not computed yet; 0 while decoding. */
  readonly prefillTokens: number;
}

export interface PlannedShare<Item> {
  readonly item: Item;
  readonly tokens: number;
}

/** Prompt tokens in a step that other streams share: they wait for the whole step, so it must be short. On a CPU 64
 *  rows already keep the arithmetic units busy. */
const SHARED_PREFILL_TOKENS = 64;

/**
 * Shares one step among jobs: a token for each that decodes, the rest to the prompts, the shortest first, so that a
 * short question does not wait behind a long one. The shares are ordered by sequence id: llama.cpp computes sequences
 * in one pass only where the ids in a batch go up by one, and out of order each costs a pass over all weights.
 */
export function planBatch<Item extends Plannable>(
  items: readonly Item[],
  options: { readonly batchTokens: number; readonly shareGently: boolean },
): PlannedShare<Item>[] {
  const decoding = items.filter((item) => item.prefillTokens === 0);
  const shares: PlannedShare<Item>[] = decoding.map((item) => ({ item, tokens: 1 }));
  let left = options.batchTokens - shares.length;
  if (options.shareGently && shares.length > 0) left = Math.min(left, SHARED_PREFILL_TOKENS);
  const prompts = items.filter((item) => item.prefillTokens > 0).toSorted((a, b) => a.prefillTokens - b.prefillTokens);
  for (const item of prompts) {
    const tokens = Math.min(left, item.prefillTokens);
    if (tokens <= 0) break;
    shares.push({ item, tokens });
    left -= tokens;
  }
  return shares.toSorted((a, b) => a.item.sequenceId - b.item.sequenceId);
}
