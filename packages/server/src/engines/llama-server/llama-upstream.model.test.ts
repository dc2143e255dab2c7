import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { testWeights } from "../contract/test-weights.ts";
import { testTokenUpstream } from "../../../test/support/token-upstream-contract.ts";
import { startTcpLlamaServer } from "./testing/start-tcp-llama-server.ts";

const saved = await mkdtemp(join(tmpdir(), "parley-remote-slots-"));
afterAll(() => rm(saved, { recursive: true, force: true }));
const CONTEXT_TOKENS = 4096;

testTokenUpstream("a llama-server elsewhere", async () => {
  const server = await startTcpLlamaServer(testWeights("qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"), [
    ..."--special --no-context-shift --cache-ram 0 --no-cache-idle-slots --no-kv-unified --batch-size 256".split(" "),
    "--parallel",
    "2",
    "--ctx-size",
    String(2 * CONTEXT_TOKENS),
    "--slot-save-path",
    saved,
  ]);
  return {
    upstream: { kind: "llama-server", url: server.url, api_key: server.apiKey },
    contextTokens: CONTEXT_TOKENS,
    cacheBlockTokens: 1,
    kill: () => server.close(),
  };
});
