import { fail } from "../../platform/fail.ts";
import type { GgufFacts } from "./gguf-facts.ts";

export interface MemoryDemand {
  /** Tokens that each slot holds. */
  readonly contextTokens: number;
  readonly slots: number;
  /** Tokens computed in one step. */
  readonly batchTokens: number;
  readonly availableBytes: number;
}

export interface MemoryPlan {
  readonly weightsBytes: number;
  readonly kvBytesPerToken: number;
  readonly kvBytes: number;
  /** Logits and activations of one step, and the process itself. */
  readonly computeBytes: number;
  readonly totalBytes: number;
  readonly fits: boolean;
  /** The most slots that fit with the context asked for, at most those asked for; 0: not even one. */
  readonly largestSlots: number;
  /** The longest context of one slot that fits with the slots asked for, in steps of 256; 0: none. */
  readonly largestContextTokens: number;
}

/** llama.cpp allocates KV cells in such steps. */
const CELL_STEP = 256;
const F16_BYTES = 2;
const F32_BYTES = 4;
/** node, the native library and its thread stacks, at rest without a model. */
const PROCESS_BYTES = 120_000_000;

/**
 * What loading the model takes on a CPU, before it is loaded: memory that cannot be taken back. The file is mapped as
 * well, but those pages are cache: llama.cpp copies most tensors into a layout of its own, and the copies count here.
 * Predicted : measured (RssAnon of the child after a first prompt, then its whole RSS), batches of 128, in MB:
 *   SmolLM2 135M Q4_1      1 x 1024   271 : 260  (422)     4 x 4096   625 : 622   (784)
 *   Qwen2.5 0.5B Q4_K_M    1 x 1024   707 : 550  (956)     4 x 4096   896 : 727  (1133)
 *   Qwen2.5 1.5B Q4_K_M    1 x 1024  1354 : 1319 (2302)    4 x 4096  1794 : 1763 (2746)
 * The 0.5B is over-estimated, because its large embedding table stays in the mapped file.
 */
export function planMemory(facts: GgufFacts, demand: MemoryDemand): MemoryPlan {
  const fixed = weightsBytes(facts) + computeBytes(facts, demand.batchTokens);
  const needed = (slots: number, contextTokens: number) => fixed + slots * slotBytes(facts, contextTokens, demand.batchTokens);
  const fitsIn = (slots: number, contextTokens: number) => needed(slots, contextTokens) <= demand.availableBytes;

  let largestSlots = demand.slots;
  while (largestSlots > 0 && !fitsIn(largestSlots, demand.contextTokens)) largestSlots--;
  let largestContextTokens = Math.floor(facts.contextTokens / CELL_STEP) * CELL_STEP;
  while (largestContextTokens > 0 && !fitsIn(demand.slots, largestContextTokens)) largestContextTokens -= CELL_STEP;
  const kvBytes = demand.slots * slotBytes(facts, demand.contextTokens, demand.batchTokens);
  return {
    weightsBytes: weightsBytes(facts),
    kvBytesPerToken: sum(facts.kvHeads.map((heads) => layerBytesPerToken(facts, heads))),
    kvBytes,
    computeBytes: computeBytes(facts, demand.batchTokens),
    totalBytes: fixed + kvBytes,
    fits: fitsIn(demand.slots, demand.contextTokens),
    largestSlots,
    largestContextTokens,
  };
}

/** Throws a `Failure` that says what is needed, what there is, and what to change, when the plan does not fit. */
export function assertMemoryFits(facts: GgufFacts, plan: MemoryPlan, demand: MemoryDemand): void {
  if (plan.fits) return;
  const remedies = [
    plan.largestSlots > 0 ? `set slots to ${plan.largestSlots}` : null,
    plan.largestContextTokens > 0 ? `set the context to ${plan.largestContextTokens} tokens` : null,
    "choose a smaller model",
    "free memory",
  ].filter((remedy) => remedy !== null);
  throw fail("overloaded_error", {
    public: "The model does not fit into the memory of this server.",
    internal:
      `${facts.name ?? facts.architecture} needs ${gigabytes(plan.totalBytes)} ` +
      `(weights ${gigabytes(plan.weightsBytes)}, ${demand.slots} slots of ${demand.contextTokens} tokens ` +
      `${gigabytes(plan.kvBytes)}, computing ${gigabytes(plan.computeBytes)}), but ${gigabytes(demand.availableBytes)} are free: ` +
      remedies.join(", or "),
    shouldRetry: false,
  });
}

function weightsBytes(facts: GgufFacts): number {
  return facts.fileBytes;
}

function computeBytes(facts: GgufFacts, batchTokens: number): number {
  // The graph is laid out for a batch in which every token wants logits; activations are small beside them.
  return PROCESS_BYTES + batchTokens * F32_BYTES * (facts.vocabularySize + 12 * facts.embeddingSize);
}

function slotBytes(facts: GgufFacts, contextTokens: number, batchTokens: number): number {
  const cells = roundUp(contextTokens);
  const windowCells =
    facts.slidingWindowTokens === null ? cells : Math.min(cells, roundUp(facts.slidingWindowTokens + batchTokens));
  const layers = facts.kvHeads.map((heads, layer) => {
    const sliding =
      facts.slidingWindowTokens !== null &&
      facts.fullAttentionEvery !== 1 &&
      (facts.fullAttentionEvery === 0 || (layer + 1) % facts.fullAttentionEvery !== 0);
    return layerBytesPerToken(facts, heads) * (sliding ? windowCells : cells);
  });
  return sum(layers) + facts.recurrentBytes;
}

function layerBytesPerToken(facts: GgufFacts, heads: number): number {
  return heads * (facts.keySize + facts.valueSize) * F16_BYTES;
}

function roundUp(tokens: number): number {
  return Math.ceil(tokens / CELL_STEP) * CELL_STEP;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}
