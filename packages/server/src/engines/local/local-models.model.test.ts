import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../platform/clock.ts";
import { createLog } from "../../platform/log.ts";
import { BackendGone } from "../backend.ts";
import { collectDecode, watchDecodes } from "../contract/collect-decode.ts";
import { testWeights } from "../contract/test-weights.ts";
import { readAvailableBytes } from "../gguf/read-available-bytes.ts";
import { readGguf } from "../gguf/read-gguf.ts";
import { startLlamaServer } from "../llama-server/llama-server-backend.ts";
import { testLlamaServer } from "../llama-server/test-binary.ts";
import { startNodeLlamaCpp } from "../node-llama-cpp/start-node-llama-cpp.ts";
import { withCheckedArithmetic } from "./check-arithmetic.ts";
import { createLocalModels, type LocalModels } from "./create-local-models.ts";
import type { StartBackend, StartedBackend } from "./model-pool-types.ts";

const NEVER = new AbortController().signal;
const WEIGHTS = "smollm2-135m-instruct-q4_1";
let pool: LocalModels;
let runFolder: string;

beforeEach(async () => {
  runFolder = await mkdtemp(join(tmpdir(), "parley-run-"));
});
afterEach(async () => {
  await pool.close(0);
  await rm(runFolder, { recursive: true, force: true });
});

async function makePool(
  binary: string,
  backendChoice: "auto" | "node-llama-cpp" = "auto",
  change: (backend: StartedBackend) => StartedBackend = (backend) => backend,
): Promise<LocalModels> {
  const local = { name: WEIGHTS, title: "SmolLM2 135M", file: testWeights("SmolLM2-135M-Instruct.Q4_1.gguf") };
  const threads = Math.max(1, Math.floor(availableParallelism() / 2));
  const embedded: StartBackend = ({ file, slots, contextTokens, onLoadProgress, onLogLine }) =>
    startNodeLlamaCpp({ file, slots, contextTokens, threads, gpu: false, onLoadProgress, onLog: onLogLine });
  pool = createLocalModels({
    files: { list: async () => [local], find: async (name) => (name === WEIGHTS ? local : undefined) },
    readFacts: readGguf,
    backendChoice,
    starters: {
      "llama-server": withCheckedArithmetic(async (request) =>
        change(await startLlamaServer({ ...request, binary, threads, gpu: "off", runFolder })),
      ),
      "node-llama-cpp": embedded,
    },
    slots: 2,
    contextTokens: 1024,
    memoryBudgetBytes: null,
    availableBytes: readAvailableBytes,
    keepAliveMs: 600_000,
    thinkingOf: () => "emulated",
    onRestart: () => {},
    log: createLog({ level: "silent" }),
    clock: systemClock,
  });
  return pool;
}

describe.each(["auto", "node-llama-cpp"] as const)("a real engine, backend %s", (choice) => {
  test("kill -9 ends the turns under way, and the model comes back", async () => {
    await makePool(testLlamaServer(), choice);
    const lease = await pool.acquire(WEIGHTS, NEVER);
    expect(lease.backend.kind).toBe(choice === "auto" ? "llama-server" : "node-llama-cpp");
    const tokens = await lease.backend.tokenize("Once upon a time", { special: false });
    const before = await collectDecode(lease.backend, { slot: 1, tokens, maxTokens: 8 });
    const { watched, underWay } = watchDecodes(lease.backend, 1);
    const turn = Promise.allSettled([collectDecode(watched, { slot: 0, tokens, maxTokens: 900 })]);
    await Promise.race([underWay, turn]);
    process.kill(pool.status().models[0]?.pid ?? 0, "SIGKILL");
    expect(await turn).toMatchObject([{ status: "rejected", reason: expect.any(BackendGone) }]);
    lease.release();
    const again = await pool.acquire(WEIGHTS, NEVER);
    const after = await collectDecode(again.backend, { slot: 1, tokens, maxTokens: 8 });
    expect(after.tokens).toEqual(before.tokens);
    expect(pool.status().models[0]).toMatchObject({ state: "ready", crashes: 1, leases: 1 });
    again.release();
  });
});

test("a llama-server that crashes at its start gives way to the embedded engine", async () => {
  await makePool("/bin/false");
  const lease = await pool.acquire(WEIGHTS, NEVER);
  expect(lease.backend.kind).toBe("node-llama-cpp");
  lease.release();
});

test("a llama-server that computes something else gives way to the embedded engine, and is ended", async () => {
  const pids: number[] = [];
  await makePool(testLlamaServer(), "auto", (backend) => {
    pids.push(backend.pid);
    // What a broken kernel does: tokens are looked up in the wrong rows.
    const decode: StartedBackend["decode"] = (request, signal) =>
      backend.decode({ ...request, tokens: request.tokens.map((token) => (token * 7) % 40_000) }, signal);
    return { ...backend, decode };
  });
  const lease = await pool.acquire(WEIGHTS, NEVER);
  expect(lease.backend.kind).toBe("node-llama-cpp");
  lease.release();
  expect(pids).toHaveLength(1);
  expect(() => process.kill(pids[0] ?? 0, 0)).toThrow("ESRCH");
});
