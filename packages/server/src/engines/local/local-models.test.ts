import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Failure } from "../../platform/fail.ts";
import type { GgufFacts } from "../gguf/gguf-facts.ts";
import { planMemory } from "../gguf/plan-memory.ts";
import { createLocalModels, type LocalModels, type LocalModelsOptions } from "./create-local-models.ts";
import type { BackendKind, StartBackend, StartedBackend, StartRequest } from "./model-pool-types.ts";

/** Policies only: what decodes is a script here, and a real engine in local-models.model.test.ts. */
const NEVER = new AbortController().signal;
const MB = 1_000_000;

function facts(fileBytes: number): GgufFacts {
  return {
    fileBytes,
    tensorBytes: fileBytes,
    name: "test",
    architecture: "llama",
    quantisation: null,
    contextTokens: 32_768,
    layers: 1,
    embeddingSize: 64,
    heads: 1,
    kvHeads: [1],
    keySize: 64,
    valueSize: 64,
    vocabularySize: 1000,
    slidingWindowTokens: null,
    fullAttentionEvery: 1,
    recurrentBytes: 0,
    chatTemplate: null,
    bosToken: null,
    eosToken: null,
    eotToken: null,
    addBos: false,
    specialTokens: [],
    endTokens: [],
    fingerprint: "f",
  };
}

interface Started {
  readonly request: StartRequest;
  readonly kind: BackendKind;
  closed: boolean;
  crash(): void;
}

let started: Started[];
const unused = (): never => {
  throw new Error("the script does not decode");
};
function script(kind: BackendKind, onStart: (request: StartRequest) => void | Promise<void> = () => {}): StartBackend {
  return async (request) => {
    await onStart(request);
    const gone = Promise.withResolvers<void>();
    const record: Started = { request, kind, closed: false, crash: () => gone.resolve() };
    started.push(record);
    const backend: StartedBackend = {
      kind,
      pid: 2 ** 30 + started.length,
      slots: request.slots,
      gone: gone.promise,
      model: {
        fingerprint: "f",
        contextTokens: request.contextTokens,
        chatTemplate: null,
        architecture: "llama",
        bosToken: null,
        eosToken: null,
        addBos: false,
        endTokens: [],
        specialTokens: new Map(),
        canTruncate: true,
      },
      tokenize: unused,
      detokenize: unused,
      decode: unused,
      saveSlot: unused,
      restoreSlot: unused,
      clearSlot: unused,
      async close() {
        record.closed = true;
        gone.resolve();
      },
    };
    return backend;
  };
}

const sizes: Record<string, number> = { small: 100 * MB, other: 100 * MB, third: 100 * MB, huge: 100_000 * MB };
const local = (name: string) => ({ name, title: name, file: `/weights/${name}.gguf` });
const onRestart = vi.fn<(weights: string) => void>();
const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
let pool: LocalModels;

function make(more: Partial<LocalModelsOptions> = {}): LocalModels {
  pool = createLocalModels({
    files: {
      list: async () => Object.keys(sizes).map(local),
      find: async (name) => (sizes[name] === undefined ? undefined : local(name)),
    },
    readFacts: async (file) => facts(sizes[/(\w+)\.gguf/.exec(file)?.[1] ?? ""] ?? 0),
    backendChoice: "auto",
    starters: { "llama-server": script("llama-server"), "node-llama-cpp": script("node-llama-cpp") },
    slots: 2,
    contextTokens: 4096,
    memoryBudgetBytes: 450 * MB,
    availableBytes: async () => 450 * MB,
    keepAliveMs: 10_000,
    thinkingOf: () => "emulated",
    onRestart,
    clock: { nowMs: () => Date.now(), monotonicMs: () => performance.now() },
    ...more,
    log,
  });
  return pool;
}
const loaded = () =>
  pool
    .status()
    .models.filter(({ state }) => state === "ready")
    .map(({ weights }) => weights)
    .toSorted();

beforeEach(() => {
  started = [];
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
});
afterEach(async () => {
  vi.useRealTimers();
  await pool.close(0);
  vi.clearAllMocks();
});

describe("loading", () => {
  test("however many ask at once, a model is loaded once", async () => {
    make();
    const leases = await Promise.all(Array.from({ length: 20 }, () => pool.acquire("small", NEVER)));
    expect(started).toHaveLength(1);
    expect(new Set(leases.map(({ backend }) => backend)).size).toBe(1);
    expect(pool.status().models).toMatchObject([
      { weights: "small", state: "ready", leases: 20, kind: "llama-server", loadProgress: 1 },
    ]);
  });

  test("a waiter that leaves does not stop the load for the others", async () => {
    const ready = Promise.withResolvers<void>();
    make({
      starters: { "llama-server": script("llama-server", () => ready.promise), "node-llama-cpp": script("node-llama-cpp") },
    });
    const stop = new AbortController();
    const reason = new Error("left");
    const left = pool.acquire("small", stop.signal);
    const stays = pool.acquire("small", NEVER);
    await vi.advanceTimersByTimeAsync(10);
    stop.abort(reason);
    await expect(left).rejects.toBe(reason);
    ready.resolve();
    (await stays).release();
    expect(pool.status().models[0]).toMatchObject({ state: "ready", leases: 0 });
  });

  test("loading progress is shown", async () => {
    const ready = Promise.withResolvers<void>();
    const start = script("llama-server", (request) => {
      request.onLoadProgress(0.4);
      return ready.promise;
    });
    make({ starters: { "llama-server": start, "node-llama-cpp": script("node-llama-cpp") } });
    const waiting = pool.preload("small", NEVER);
    await vi.advanceTimersByTimeAsync(10);
    expect(pool.status().models[0]).toMatchObject({ state: "loading", loadProgress: 0.4 });
    ready.resolve();
    await waiting;
  });

  test("unknown weights are not found", async () => {
    await expect(make().acquire("nothing", NEVER)).rejects.toMatchObject({ type: "not_found_error" });
  });

  test("a load that fails is tried again by the next turn", async () => {
    let attempts = 0;
    const start = script("node-llama-cpp", () => {
      attempts += 1;
      if (attempts === 1) throw new Error("bad tensor");
    });
    make({ backendChoice: "node-llama-cpp", starters: { "llama-server": null, "node-llama-cpp": start } });
    await expect(pool.acquire("small", NEVER)).rejects.toMatchObject({
      type: "api_error",
      publicMessage: "The model could not be loaded.",
    });
    expect(pool.status().models).toEqual([]);
    await expect(pool.acquire("small", NEVER)).resolves.toBeDefined();
  });
});

describe("choosing the engine", () => {
  const broken = () =>
    script("llama-server", () => {
      throw new Error("signal 11");
    });

  test("auto takes llama-server, and the embedded engine where there is none", async () => {
    make();
    expect((await pool.acquire("small", NEVER)).backend.kind).toBe("llama-server");
    make({ starters: { "llama-server": null, "node-llama-cpp": script("node-llama-cpp") } });
    expect((await pool.acquire("small", NEVER)).backend.kind).toBe("node-llama-cpp");
  });

  test("weights with a projector are planned with it, and llama-server alone starts them", async () => {
    const projector = { file: "/weights/mmproj.gguf", bytes: 50 * MB, fingerprint: "p" };
    const readProjector = async (weights: string) => (weights === "small" ? projector : null);
    make({ readProjector });
    const planned = async (weights: string): Promise<number> => {
      (await pool.acquire(weights, NEVER)).release();
      return pool.status().models.find((model) => model.weights === weights)?.plannedBytes ?? 0;
    };
    expect((await planned("small")) - (await planned("other"))).toBe(projector.bytes);
    expect(started.map(({ kind, request }) => [kind, request.projector])).toEqual([
      ["llama-server", projector],
      ["llama-server", null],
    ]);
    await pool.close(0);
    started = [];
    for (const server of [null, broken()]) {
      make({ readProjector, starters: { "llama-server": server, "node-llama-cpp": script("node-llama-cpp") } });
      await expect(pool.acquire("small", NEVER)).rejects.toMatchObject({ type: "api_error" });
      await pool.close(0);
    }
    expect(started.filter(({ kind }) => kind === "node-llama-cpp")).toEqual([]);
  });

  test("a llama-server that does not start is replaced by the embedded engine, with a warning", async () => {
    make({ starters: { "llama-server": broken(), "node-llama-cpp": script("node-llama-cpp") } });
    expect((await pool.acquire("small", NEVER)).backend.kind).toBe("node-llama-cpp");
    expect(log.warn).toHaveBeenCalledWith(expect.anything(), expect.stringContaining("using the embedded engine"));
  });

  test("an engine that was asked for by name is not replaced", async () => {
    make({ backendChoice: "llama-server", starters: { "llama-server": broken(), "node-llama-cpp": script("node-llama-cpp") } });
    await expect(pool.acquire("small", NEVER)).rejects.toMatchObject({ internal: expect.stringContaining("signal 11") });
    make({ backendChoice: "llama-server", starters: { "llama-server": null, "node-llama-cpp": script("node-llama-cpp") } });
    await expect(pool.acquire("small", NEVER)).rejects.toMatchObject({
      internal: expect.stringContaining("parley engine status"),
    });
  });
});

describe("memory", () => {
  test("the least recently used idle model makes room", async () => {
    make();
    for (const name of ["small", "other"]) {
      (await pool.acquire(name, NEVER)).release();
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(loaded()).toEqual(["other", "small"]);
    (await pool.acquire("small", NEVER)).release();
    await pool.acquire("third", NEVER);
    expect(loaded()).toEqual(["small", "third"]);
    expect(started.map(({ closed }) => closed)).toEqual([false, true, false]);
  });

  test("a model at work is never unloaded: the next one waits for it", async () => {
    make();
    const leases = [await pool.acquire("small", NEVER), await pool.acquire("other", NEVER)];
    const waiting = pool.acquire("third", NEVER);
    await vi.advanceTimersByTimeAsync(5000);
    expect(loaded()).toEqual(["other", "small"]);
    leases[1]?.release();
    await vi.advanceTimersByTimeAsync(200);
    await waiting;
    expect(loaded()).toEqual(["small", "third"]);
  });

  test("a wait for memory ends with overloaded_error", async () => {
    make();
    await pool.acquire("small", NEVER);
    await pool.acquire("other", NEVER);
    const outcome = Promise.allSettled([pool.acquire("third", NEVER)]);
    await vi.advanceTimersByTimeAsync(31_000);
    expect(await outcome).toMatchObject([{ status: "rejected", reason: { type: "overloaded_error", retryAfterSeconds: 10 } }]);
  });

  test("what can never fit is refused at once, and nothing is unloaded for it beyond idle models", async () => {
    make();
    await pool.acquire("small", NEVER);
    const error = await pool.acquire("huge", NEVER).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(Failure);
    expect(error).toMatchObject({ type: "overloaded_error", shouldRetry: false, internal: expect.stringContaining("GB") });
    expect(loaded()).toEqual(["small"]);
  });

  test("an automatic context is the largest that fits, with a warning; a chosen one is never cut", async () => {
    const demand = { slots: 2, contextTokens: 20_000, batchTokens: 256, availableBytes: 0 };
    const memoryBudgetBytes = planMemory(facts(100 * MB), demand).totalBytes;
    make({ contextTokens: null, memoryBudgetBytes });
    const { backend } = await pool.acquire("small", NEVER);
    expect(backend.model.contextTokens).toBeLessThan(32_768);
    expect(backend.model.contextTokens).toBeGreaterThanOrEqual(16_384);
    expect(log.warn).toHaveBeenCalledWith(expect.anything(), expect.stringContaining("instead of 32768"));
    make({ contextTokens: 32_768, memoryBudgetBytes });
    await expect(pool.acquire("small", NEVER)).rejects.toMatchObject({ type: "overloaded_error" });
  });

  test("an idle model is unloaded after its keep-alive, a used one is not", async () => {
    make();
    const lease = await pool.acquire("small", NEVER);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(loaded()).toEqual(["small"]);
    lease.release();
    lease.release();
    await vi.advanceTimersByTimeAsync(9000);
    expect(loaded()).toEqual(["small"]);
    await vi.advanceTimersByTimeAsync(2000);
    expect(loaded()).toEqual([]);
    expect(started[0]?.closed).toBe(true);
  });
});

describe("crashes", () => {
  test("the first restart is at once, and the next turn gets the new engine", async () => {
    make();
    const first = await pool.acquire("small", NEVER);
    started[0]?.crash();
    await vi.advanceTimersByTimeAsync(1);
    const second = await pool.acquire("small", NEVER);
    expect(started).toHaveLength(2);
    expect(second.backend).not.toBe(first.backend);
    first.release();
    expect(pool.status().models[0]).toMatchObject({ crashes: 1, leases: 1, lastFault: expect.stringContaining("died") });
    expect(onRestart.mock.calls).toEqual([["small"]]);
  });

  test("one that keeps crashing is restarted ever later, and turns are told instead of kept waiting", async () => {
    make({ keepAliveMs: 600_000 });
    (await pool.acquire("small", NEVER)).release();
    for (let crash = 0; crash < 6; crash += 1) {
      started.at(-1)?.crash();
      await vi.advanceTimersByTimeAsync(crash < 5 ? 9000 : 10);
    }
    expect(started).toHaveLength(6);
    expect(pool.status().models[0]).toMatchObject({ state: "waiting-to-restart", crashes: 6 });
    vi.useRealTimers();
    await expect(pool.acquire("small", NEVER)).rejects.toMatchObject({ type: "overloaded_error", retryAfterSeconds: 10 });
  }, 10_000);
});

test("closing waits for turns under way, refuses new ones and ends every engine", async () => {
  make();
  const lease = await pool.acquire("small", NEVER);
  const closing = pool.close(20_000);
  await expect(pool.acquire("small", NEVER)).rejects.toMatchObject({ type: "overloaded_error" });
  await vi.advanceTimersByTimeAsync(5000);
  expect(started[0]?.closed).toBe(false);
  lease.release();
  await vi.advanceTimersByTimeAsync(200);
  await closing;
  expect(started[0]?.closed).toBe(true);
});

test("the list says what each model can hold", async () => {
  make({ contextTokens: null });
  expect(await pool.list()).toContainEqual({ weights: "small", title: "small", thinking: "emulated", contextTokens: 32_768 });
});
