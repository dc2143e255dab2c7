import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BackendGone } from "../backend.ts";
import { collectDecode, decodeRequest } from "../contract/collect-decode.ts";
import { testTokenBackendContract, type StartOptions } from "../contract/test-token-backend-contract.ts";
import { testWeights } from "../contract/test-weights.ts";
import { connectLlamaServer } from "./connect-llama-server.ts";
import { startTcpLlamaServer, type TcpLlamaServer } from "./testing/start-tcp-llama-server.ts";

const NEVER = new AbortController().signal;
let saved: string;
beforeAll(async () => {
  saved = await mkdtemp(join(tmpdir(), "parley-remote-slots-"));
});
afterAll(() => rm(saved, { recursive: true, force: true }));

/** The flags of docs/guides/upstream-engines.md. */
const FLAGS = "--special --no-context-shift --cache-ram 0 --no-cache-idle-slots --no-kv-unified --batch-size 256".split(" ");
const flags = (slots: number, contextTokens: number): readonly string[] => {
  const sizes = ["--parallel", String(slots), "--ctx-size", String(slots * contextTokens)];
  return [...FLAGS, ...sizes, "--slot-save-path", saved];
};

async function start({ file, slots, contextTokens }: StartOptions) {
  const server = await startTcpLlamaServer(file, flags(slots, contextTokens));
  const { url, apiKey, pid } = server;
  const backend = await connectLlamaServer({ url, apiKey, silenceMs: 60_000, signal: NEVER, lookEveryMs: 100 });
  return {
    ...backend,
    pid,
    async close() {
      await backend.close();
      await server.close();
    },
  };
}

testTokenBackendContract("a llama-server elsewhere", start, {
  architecture: "",
  fitsOtherSlots: false,
  cacheBlockTokens: 1,
  tellsProgress: true,
  logprobsKnowNoGrammar: true,
  knowsSeeds: true,
});

describe("a llama-server elsewhere", () => {
  const file = testWeights("SmolLM2-135M-Instruct.Q4_1.gguf");
  let server: TcpLlamaServer;
  const connect = (more: { apiKey?: string; lookEveryMs?: number; lookWithinMs?: number } = {}) =>
    connectLlamaServer({ url: `${server.url}/v1`, apiKey: server.apiKey, silenceMs: 60_000, signal: NEVER, ...more });

  test("that was started without what is needed says which flag is missing", async () => {
    for (const [missing, args] of [
      ["--special", ["--slot-save-path", saved]],
      ["--slot-save-path", ["--special"]],
    ] as const) {
      server = await startTcpLlamaServer(file, [...args, "--ctx-size", "512", "--parallel", "1"]);
      await expect(connect()).rejects.toThrow(`start this llama-server with ${missing}`);
      await expect(connect({ apiKey: "another" })).rejects.toThrow(/api key/i);
      await server.close();
      await expect(connect()).rejects.toThrow("ECONNREFUSED");
    }
  });

  test("that is ended and started anew under other weights or slots is gone, though something answers there", async () => {
    server = await startTcpLlamaServer(file, flags(1, 512));
    const backend = await connect({ lookEveryMs: 50 });
    await server.close();
    const again = await startTcpLlamaServer(file, flags(2, 512), Number(new URL(server.url).port));
    await backend.gone;
    await expect(backend.tokenize("x", { special: false })).resolves.toHaveLength(1);
    await again.close();
    await expect(backend.tokenize("x", { special: false })).rejects.toBeInstanceOf(BackendGone);
  });

  test("that falls silent without closing a connection is gone, and so are the turns that it had", async () => {
    server = await startTcpLlamaServer(file, flags(1, 512));
    const backend = await connect({ lookEveryMs: 100, lookWithinMs: 1_000 });
    const begun = Promise.withResolvers<void>();
    const read = async (): Promise<void> => {
      const request = decodeRequest({ slot: 0, tokens: await backend.tokenize("Once", { special: false }), maxTokens: 400 });
      for await (const event of backend.decode(request, NEVER)) if (event.type === "tokens") begun.resolve();
    };
    const turn = Promise.allSettled([read()]);
    await begun.promise;
    // As a machine whose power is cut: whoever is connected hears nothing of it.
    process.kill(server.pid, "SIGSTOP");
    expect(await turn).toMatchObject([{ status: "rejected", reason: expect.any(BackendGone) }]);
    await backend.gone;
    await server.close();
  });

  test("writes over the state that nothing stands for any more", async () => {
    server = await startTcpLlamaServer(file, flags(1, 512));
    const backend = await connect();
    const before = (await readdir(saved)).length;
    const pointer = join(saved, "pointer.json");
    for (let round = 0; round < 3; round += 1) {
      await collectDecode(backend, { slot: 0, tokens: [10 + round, 11, 12], maxTokens: 0 });
      await backend.saveSlot(0, pointer);
      await rm(pointer);
    }
    expect((await readdir(saved)).length).toBe(before + 1);
    await backend.close();
    await server.close();
  });
});
