import { expect, test } from "vitest";
import { decodeRequest } from "../contract/collect-decode.ts";
import { toCompletionBody } from "./to-completion-body.ts";

const body = (options: Partial<Parameters<typeof decodeRequest>[0]> = {}) =>
  toCompletionBody(decodeRequest({ slot: 2, tokens: [1, 2, 3], ...options }));

test("temperature 0 is greedy: one candidate, no other sampler", () => {
  expect(body({ sampler: { temperature: 0, topP: 0.5, topK: 40 } })).toMatchObject({ samplers: ["top_k"], top_k: 1 });
});

test("only the asked samplers run", () => {
  expect(body({ sampler: { temperature: 0.7, topP: 1, topK: 0 } })).toMatchObject({
    samplers: ["temperature"],
    temperature: 0.7,
  });
  expect(body({ sampler: { temperature: 1, topP: 0.9, topK: 20, seed: -1 } })).toMatchObject({
    samplers: ["top_k", "top_p", "temperature"],
    top_k: 20,
    top_p: 0.9,
    temperature: 1,
    seed: 4_294_967_295,
  });
});

test("a decode of no tokens takes no grammar, so nothing can forbid the one token that is thrown away", () => {
  expect(body({ maxTokens: 0, grammar: "root ::= [a]" })).not.toHaveProperty("grammar");
  expect(body({ maxTokens: 1, grammar: "root ::= [a]" })).toMatchObject({ grammar: "root ::= [a]", n_predict: 1 });
});

test("the slot, its prefix and the prompt are passed on as they are", () => {
  expect(body({ reusePrefix: true, topLogprobs: 3 })).toMatchObject({
    id_slot: 2,
    prompt: [1, 2, 3],
    cache_prompt: true,
    n_probs: 3,
    stream: true,
  });
});
