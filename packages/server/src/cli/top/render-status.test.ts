import type { ServerStatus } from "@parley/wire";
import { expect, test } from "vitest";
import { readCounters } from "../../endpoints/server-status/read-counters.ts";
import { createMetrics } from "../../platform/metrics.ts";
import { renderStatus } from "./render-status.ts";

const counters = {
  requests: 100,
  server_errors: 0,
  turns: 50,
  input_tokens: 1_000,
  cache_read_tokens: 9_000,
  cache_write_tokens: 500,
  output_tokens: 200,
};
const period = { requests: 7, input_tokens: 250, output_tokens: 90, cache_read_tokens: 750, amount: "1234.5" };
const status: ServerStatus = {
  type: "server_status",
  node: "a:1",
  at: "2026-11-22T08:00:10.000Z",
  turns_running: 3,
  counters,
  models: {
    type: "console_models",
    may_steer: true,
    weights: [
      {
        name: "qwen",
        title: "Qwen",
        bytes: 1,
        license: null,
        is_installed: true,
        engine: {
          state: "ready",
          kind: "llama-server",
          slots: 4,
          slots_busy: 3,
          queued: 2,
          tokens_per_second: 41.5,
          load_progress: 1,
          loaded_at: null,
          crashes: 0,
        },
        plan: null,
        pull: null,
        load_fault: null,
      },
    ],
    families: [],
    upstreams: [
      {
        name: "gpu-1",
        kind: "vllm",
        geo: "us",
        url: null,
        is_up: false,
        fault: "unreachable",
        retry_in_seconds: 4,
        answered_at: null,
        outstanding_tokens: 1_500,
        running_turns: 1,
        is_drained: false,
      },
      {
        name: "gpu-2",
        kind: "vllm",
        geo: null,
        url: null,
        is_up: true,
        fault: null,
        retry_in_seconds: null,
        answered_at: null,
        outstanding_tokens: 0,
        running_turns: 2,
        is_drained: true,
      },
    ],
    pools: [
      {
        name: "large",
        title: "Large",
        targets: [{ upstream: "gpu-1", model: null, weight: 2, classes: ["standard"] }],
        fallbacks: ["qwen"],
        queued_turns: 5,
      },
    ],
    memory: { planned_bytes: 1, budget_bytes: null, available_bytes: 1 },
    snapshots: { count: 12, bytes: 1_500_000, budget_bytes: 8_000_000_000 },
  },
  currency: "USD",
  today: period,
  last_minutes: { ...period, minutes: 5 },
};

test("a look shows queue, slots, cache, tokens a second, spend and upstreams", () => {
  const before = { ...status, at: "2026-11-22T08:00:08.000Z", counters: { ...counters, turns: 49, output_tokens: 100 } };
  expect(renderStatus({ status, before, fault: null, width: 200, height: null })).toEqual([
    "Parley a:1   2026-11-22 08:00:10 UTC   q quits",
    "",
    "Turns     3 running, 7 waiting   0.5 turns/s   0.0 requests/s   0.0 errors/s",
    "Tokens/s  50 out   0.0 in   0.0 read from the cache   0.0 written",
    "Cache     75 % of the prompts of the last 5 minutes; 12 prefixes, 1.5 MB of 8.0 GB",
    "Spend     $12.345 today (7 turns); $12.345 in the last 5 minutes",
    "",
    "Models here",
    `${"qwen".padEnd(40)} [###############.....] 3/4 slots  2 waiting  41.5 tok/s  ready`,
    "",
    "Upstreams",
    `${"gpu-1".padEnd(24)} ${"vllm".padEnd(16)} paused  1 turns  1,500 tokens under way  us  unreachable, asked again in 4 s`,
    `${"gpu-2".padEnd(24)} ${"vllm".padEnd(16)} drained 2 turns  0 tokens under way`,
    "",
    "Pools",
    `${"large".padEnd(24)} 5 waiting  gpu-1 x2, else qwen`,
  ]);
});

test("no line is wider, and no look taller, than the terminal; another node's counters give no rate", () => {
  const lines = renderStatus({ status, before: { ...status, node: "b:1" }, fault: "gone", width: 45, height: 6 });
  expect([lines.length, Math.max(...lines.map((line) => line.length))]).toEqual([6, 45]);
  expect(lines[0]).toBe("Parley a:1   2026-11-22 08:00:10 UTC   ! gone");
  expect(lines[2]).toContain("- turns/s");
  expect(lines.at(-1)).toBe("… 11 more lines: make the window taller");
});

test("counters are read from what Prometheus gets", async () => {
  const metrics = createMetrics();
  const traced = { requestId: "req_1", traceparent: undefined };
  for (const status of [200, 500, 529])
    metrics.httpRequest({ endpoint: "messages-create", method: "POST", status, durationMs: 1 }, traced);
  metrics.turnStarted();
  metrics.turnStarted();
  const usage = {
    inputTokens: 3,
    cacheReadTokens: 5,
    cacheWrite5mTokens: 7,
    cacheWrite1hTokens: 11,
    outputTokens: 13,
    thinkingTokens: 2,
  };
  const timings = { renderMs: 0, queueMs: 0, restoreMs: 0, prefillMs: 0, decodeMs: 0 };
  const tenant = { organizationId: "org", workspaceId: "wrkspc_1" };
  metrics.turnEnded({ tenant, modelClass: "haiku", weights: 'a"b}', outcome: "completed", usage, timings, nanoUsd: 0n }, traced);
  expect(readCounters((await metrics.expose("text")).text)).toEqual({
    turnsRunning: 1,
    counters: {
      requests: 3,
      server_errors: 1,
      turns: 1,
      input_tokens: 3,
      cache_read_tokens: 5,
      cache_write_tokens: 18,
      output_tokens: 13,
    },
  });
});
