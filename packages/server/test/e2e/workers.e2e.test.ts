import Anthropic from "@anthropic-ai/sdk";
import { createServer } from "node:http";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { descendantsOf } from "../support/processes.ts";
import { readLedger } from "../support/read-ledger.ts";
import { streamMessage } from "../support/read-stream.ts";
import { type RunningParley, SMALL, startParley } from "../support/start-parley.ts";

const PER_MINUTE = 30;
const WORKERS = 2;

let parley: RunningParley;
let dataDir: string;
const upstream = createServer((incoming, outgoing) => {
  incoming.resume();
  incoming.on("end", () => {
    outgoing.setHeader("content-type", "application/json");
    const usage = { input_tokens: 3, output_tokens: 2, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 };
    const message = {
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "m",
      stop_reason: "end_turn",
      stop_sequence: null,
      usage,
    };
    outgoing.end(
      JSON.stringify(incoming.method === "GET" ? { data: [] } : { ...message, content: [{ type: "text", text: "Hi" }] }),
    );
  });
});

beforeAll(async () => {
  upstream.listen(0, "127.0.0.1");
  await once(upstream, "listening");
  dataDir = await mkdtemp(join(tmpdir(), "parley-workers-"));
  const config = {
    workers: WORKERS,
    upstreams: { one: { kind: "anthropic", url: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}` } },
    pools: { house: { targets: [{ upstream: "one" }] } },
    models: { "claude-opus-4-5": "house" },
    limits: {
      tiers: [
        {
          name: "small",
          limits: { requests_per_minute: PER_MINUTE, input_tokens_per_minute: 1e6, output_tokens_per_minute: 1e6 },
        },
      ],
      tier: "small",
    },
  };
  await writeFile(join(dataDir, "parley.yaml"), JSON.stringify(config));
  parley = await startParley({ model: SMALL, dataDir, env: { PARLEY_CONTEXT_TOKENS: "1024", PARLEY_THREADS: "1" } });
});
afterAll(async () => {
  await parley?.[Symbol.asyncDispose]();
  upstream.close();
  await rm(dataDir, { recursive: true, force: true });
});

/** On a connection of its own, so that the workers take turns. */
const get = async (path: string) => {
  const reply = await fetch(`${parley.url}${path}`, { headers: { "x-api-key": parley.apiKey, connection: "close" } });
  return { status: reply.status, text: await reply.text() };
};
const workerPids = (): readonly number[] =>
  descendantsOf(parley.child.pid ?? 0)
    .filter(({ command }) => command.includes("cli/main.ts"))
    .map(({ pid }) => pid);

test("workers answer on one port: local models by their parent, limits in common, metrics in sum, one that is killed comes back", async () => {
  expect(workerPids()).toHaveLength(WORKERS);
  // Two connections, two workers, one model.
  const replies = await Promise.all(
    [1, 2].map((index) =>
      streamMessage(parley, {
        model: "claude-haiku-4-5",
        max_tokens: 8,
        messages: [{ role: "user", content: `Count to ${index}.` }],
      }),
    ),
  );
  expect(replies.map(({ end }) => end)).toEqual(["message_stop", "message_stop"]);

  const client = () =>
    new Anthropic({ baseURL: parley.url, apiKey: parley.apiKey, maxRetries: 0, defaultHeaders: { connection: "close" } });
  const body = { model: "claude-opus-4-5", max_tokens: 10, messages: [{ role: "user" as const, content: "Hi" }] };
  const beganMs = performance.now();
  const asked = await Promise.all(
    Array.from({ length: PER_MINUTE * 2 }, () =>
      client()
        .messages.create(body)
        .then(
          () => 200,
          (error: { status?: number }) => error.status,
        ),
    ),
  );
  const refilled = Math.ceil(((performance.now() - beganMs) / 60_000) * PER_MINUTE);
  const granted = asked.filter((status) => status === 200).length;
  expect(new Set(asked)).toEqual(new Set([200, 429]));
  expect(granted).toBeGreaterThanOrEqual(PER_MINUTE);
  expect(granted).toBeLessThanOrEqual(PER_MINUTE + refilled);
  expect(await readLedger(dataDir)).toHaveLength(granted + replies.length);

  const { text } = await get("/metrics");
  expect(
    Number(/^parley_http_requests_total\{endpoint="messages-create",method="POST",status="200"\} (\d+)$/m.exec(text)?.[1]),
  ).toBe(granted + replies.length);
  expect(text).toMatch(/^parley_engine_slots [1-9]/m);

  const [victim = 0] = workerPids();
  process.kill(victim, "SIGKILL");
  await expect.poll(() => workerPids().filter((pid) => pid !== victim), { timeout: 20_000 }).toHaveLength(WORKERS);
  await expect
    .poll(async () => (await Promise.all([get("/healthz"), get("/healthz")])).map(({ status }) => status))
    .toEqual([200, 200]);
  expect(parley.log()).toContain("a worker ended by itself");

  const last = streamMessage(
    parley,
    { model: "claude-haiku-4-5", max_tokens: 60, messages: [{ role: "user", content: "Tell a story." }] },
    {
      onDelta: () => void parley.child.kill("SIGTERM"),
    },
  );
  expect((await last).end).toBe("message_stop");
  expect(await parley.stop()).toBe(0);
  expect(await readLedger(dataDir)).toHaveLength(granted + replies.length + 1);
});
