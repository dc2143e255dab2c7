import type { GgufFacts } from "../gguf/gguf-facts.ts";
import { planMemory, type MemoryDemand, type MemoryPlan } from "../gguf/plan-memory.ts";

/** A context that nobody asked for is not cut below this: a coding agent's first prompt alone has 11,000 tokens. */
const SMALLEST_AUTOMATIC_CONTEXT_TOKENS = 16_384;
const BATCH_TOKENS = 256;

export interface LoadPlan {
  readonly memory: MemoryPlan;
  readonly demand: MemoryDemand;
  /** Says what was cut to make it fit; null when nothing was. */
  readonly cut: string | null;
}

/**
 * Chooses context and slots for a model. What the operator set is taken as it is; an automatic context is the model's
 * own, or the largest that fits, and only then are there fewer slots. The plan may still not fit: its caller refuses.
 */
export function planLoad(
  facts: GgufFacts,
  wanted: { readonly slots: number; readonly contextTokens: number | null; readonly availableBytes: number },
): LoadPlan {
  const { availableBytes } = wanted;
  const plan = (slots: number, contextTokens: number, cut: string | null): LoadPlan => {
    const demand = { slots, contextTokens, availableBytes, batchTokens: BATCH_TOKENS };
    return { demand, memory: planMemory(facts, demand), cut };
  };
  const full = plan(wanted.slots, Math.min(wanted.contextTokens ?? facts.contextTokens, facts.contextTokens), null);
  if (full.memory.fits || wanted.contextTokens !== null) return full;
  const smallest = Math.min(SMALLEST_AUTOMATIC_CONTEXT_TOKENS, facts.contextTokens);
  if (full.memory.largestContextTokens >= smallest) {
    const contextTokens = full.memory.largestContextTokens;
    return plan(wanted.slots, contextTokens, `the context is ${contextTokens} tokens instead of ${facts.contextTokens}`);
  }
  const least = plan(wanted.slots, smallest, null);
  if (least.memory.largestSlots === 0) return full;
  return plan(
    least.memory.largestSlots,
    smallest,
    `the context is ${smallest} tokens instead of ${facts.contextTokens}, with ${least.memory.largestSlots} slots instead of ${wanted.slots}`,
  );
}
