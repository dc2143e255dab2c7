import { describe, expect, test } from "vitest";
import { Failure } from "../../platform/fail.ts";
import type { GgufFacts } from "./gguf-facts.ts";
import { assertMemoryFits, planMemory } from "./plan-memory.ts";

/** Qwen2.5 1.5B, as its file says. */
const facts: GgufFacts = {
  fileBytes: 1_117_320_768,
  tensorBytes: 1_111_370_240,
  name: "Qwen2.5 Coder 1.5B",
  architecture: "qwen2",
  quantisation: "Q4_K_M",
  contextTokens: 32_768,
  layers: 28,
  embeddingSize: 1536,
  heads: 12,
  kvHeads: Array.from({ length: 28 }, () => 2),
  keySize: 128,
  valueSize: 128,
  vocabularySize: 151_936,
  slidingWindowTokens: null,
  fullAttentionEvery: 1,
  recurrentBytes: 0,
  chatTemplate: null,
  bosToken: null,
  eosToken: 151_645,
  eotToken: null,
  addBos: false,
  specialTokens: [],
  endTokens: [151_645],
  fingerprint: "f",
};
const demand = { contextTokens: 4096, slots: 4, batchTokens: 256, availableBytes: 8e9 };

describe("the memory plan", () => {
  test("counts 28 KiB of KV for each token of the 1.5B", () => {
    expect(planMemory(facts, demand)).toMatchObject({
      kvBytesPerToken: 28_672,
      kvBytes: 4 * 4096 * 28_672,
      fits: true,
      largestSlots: 4,
      largestContextTokens: 32_768,
    });
  });

  test("finds the largest slots and context that fit", () => {
    const plan = planMemory(facts, { ...demand, contextTokens: 32_768, availableBytes: 3.5e9 });
    expect(plan).toMatchObject({ fits: false, largestSlots: 2, largestContextTokens: 18_176 });
    expect(planMemory(facts, { ...demand, availableBytes: 1e9 })).toMatchObject({ largestSlots: 0, largestContextTokens: 0 });
  });

  test("layers with a sliding window hold no more than the window and a batch", () => {
    const sliding = { ...facts, slidingWindowTokens: 512, fullAttentionEvery: 7 };
    const whole = planMemory(facts, demand).kvBytes;
    // 4 of 28 layers see all 4096 tokens, 24 hold 768.
    expect(planMemory(sliding, demand).kvBytes).toBe((whole / 28) * 4 + (whole / 28) * 24 * (768 / 4096));
  });

  test("a refusal names the numbers and the remedy, and keeps them from the public", () => {
    const large = { ...demand, contextTokens: 32_768, availableBytes: 3.5e9 };
    const refusal = (() => {
      try {
        return assertMemoryFits(facts, planMemory(facts, large), large);
      } catch (error) {
        return error;
      }
    })();
    expect(refusal).toBeInstanceOf(Failure);
    expect((refusal as Failure).publicMessage).toBe("The model does not fit into the memory of this server.");
    expect((refusal as Failure).internal).toMatch(
      /needs 5\.\d\d GB .*4 slots of 32768 tokens 3\.76 GB.* but 3\.50 GB are free: set slots to 2, or set the context to 18176 tokens/,
    );
  });

  test("says nothing when all fits", () => {
    expect(assertMemoryFits(facts, planMemory(facts, demand), demand)).toBeUndefined();
  });
});
