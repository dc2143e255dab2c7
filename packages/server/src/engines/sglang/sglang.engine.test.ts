import { expect, test } from "vitest";
import { testTokenUpstream } from "../../../test/support/token-upstream-contract.ts";
import { testTokenBackendContract, type StartOptions } from "../contract/test-token-backend-contract.ts";
import { engineAt, startBehindForwarder, startForwarder } from "../upstream/testing/reach-engine.ts";
import { connectSglang } from "./connect-sglang.ts";

const NEVER = new AbortController().signal;
const tokenizerOf = (variable: "PARLEY_SGLANG_SMOLLM2" | "PARLEY_SGLANG_QWEN"): string =>
  process.env[`${variable}_TOKENIZER`] ?? `${variable}_TOKENIZER must be the path of that model's tokenizer_config.json`;

function start({ slots }: Pick<StartOptions, "slots">) {
  const tokenizerConfig = tokenizerOf("PARLEY_SGLANG_SMOLLM2");
  return startBehindForwarder(engineAt("PARLEY_SGLANG_SMOLLM2"), ({ url, client }) =>
    connectSglang({ client, url, tokenizerConfig, slots, silenceMs: 120_000, signal: NEVER }),
  );
}

test("what it can do is found by asking", async () => {
  const backend = await start({ slots: 1 });
  expect(backend.capabilities).toEqual({ version: expect.any(String), cacheBlockTokens: 1, contextTokens: 2048 });
  await backend.close();
});

testTokenBackendContract("SGLang", start, {
  architecture: "",
  fitsOtherSlots: false,
  cacheBlockTokens: 1,
  tellsProgress: false,
  logprobsKnowNoGrammar: false,
  // Only with --enable-deterministic-inference, which is for GPUs.
  knowsSeeds: false,
});

testTokenUpstream("SGLang", async () => {
  const forwarder = await startForwarder(engineAt("PARLEY_SGLANG_QWEN"));
  return {
    upstream: { kind: "sglang", url: forwarder.url, tokenizer_config: tokenizerOf("PARLEY_SGLANG_QWEN") },
    contextTokens: 4096,
    cacheBlockTokens: 1,
    kill: () => forwarder.close(),
  };
});
