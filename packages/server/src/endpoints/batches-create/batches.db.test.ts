import Anthropic from "@anthropic-ai/sdk";
import OldAnthropic from "anthropic-sdk-0.70";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createBatches } from "../../batches/create-batches.ts";
import { type BatchWorker, startBatchWorker } from "../../batches/create-batch-worker.ts";
import { removeOrphans } from "../../blobs/index.ts";
import { openFolderBlobStore } from "../../blobs/folder-blob-store.ts";
import { createScriptedItemRunner } from "../../doors/testing/create-scripted-item-runner.ts";
import { end, HELLO, pause, scripted, start, textBlock } from "../../doors/testing/scripted-engine.ts";
import { KEY, OTHER_KEY, startTestServer } from "../../doors/testing/start-test-server.ts";
import { createLedger } from "../../ledger/create-ledger.ts";
import { DEFAULT_LIMITS } from "../../limits/limits-config.ts";
import type { Clock } from "../../platform/clock.ts";
import { fail } from "../../platform/fail.ts";
import { dumpTable } from "../../storage/testing/dump-table.ts";
import { openTestStorage, silentLog } from "../../storage/testing/test-storage.ts";

const HOUR_MS = 3_600_000;
const MODEL = "claude-haiku-4-5";
/** A lease longer than a busy disk keeps a renewal waiting. */
const times = { leaseMs: 1_500, idleMs: 20, retryMs: 10 };

type Params = Anthropic.MessageCreateParamsNonStreaming;
const say = (text: string, change: Partial<Params> = {}): Params => ({
  model: MODEL,
  max_tokens: 50,
  messages: [{ role: "user", content: text }],
  ...change,
});
const entry = (id: string, params: Params = say(id)) => ({ custom_id: id, params });

let parley: Awaited<ReturnType<typeof startBatchServer>>;
let client: Anthropic;
let other: Anthropic;
beforeAll(async () => {
  parley = await startBatchServer();
  const { url: baseURL } = parley.server;
  client = new Anthropic({ baseURL, apiKey: KEY, maxRetries: 0 });
  other = new Anthropic({ baseURL, apiKey: OTHER_KEY, maxRetries: 0 });
});
afterAll(async () => {
  await parley?.[Symbol.asyncDispose]();
});
beforeEach(() => parley.engine.play(scripted(HELLO)));
afterEach(() => parley.stopWorker());

async function untilEnded(id: string): Promise<Anthropic.Messages.MessageBatch> {
  await expect
    .poll(async () => (await client.messages.batches.retrieve(id)).processing_status, { timeout: 20_000 })
    .toBe("ended");
  return client.messages.batches.retrieve(id);
}

async function resultsOf(id: string): Promise<Record<string, Anthropic.Messages.MessageBatchResult>> {
  const lines = await Array.fromAsync(await client.messages.batches.results(id));
  return Object.fromEntries(lines.map(({ custom_id: name, result }) => [name, result]));
}

describe("the SDK's batches", () => {
  test("create, retrieve, list, results and delete", async () => {
    const batch = await client.messages.batches.create({ requests: [entry("one"), entry("two")] });
    expect(batch).toEqual({
      id: expect.stringMatching(/^msgbatch_01[1-9A-Za-z]{22}$/),
      type: "message_batch",
      processing_status: "in_progress",
      request_counts: { processing: 2, succeeded: 0, errored: 0, canceled: 0, expired: 0 },
      created_at: expect.any(String),
      expires_at: expect.any(String),
      ended_at: null,
      cancel_initiated_at: null,
      archived_at: null,
      results_url: null,
    });
    expect(Date.parse(batch.expires_at) - Date.parse(batch.created_at)).toBe(24 * HOUR_MS);
    expect(await client.messages.batches.retrieve(batch.id)).toEqual(batch);
    await expect(client.messages.batches.delete(batch.id)).rejects.toMatchObject({ status: 400 });
    parley.startWorker();
    const ended = await untilEnded(batch.id);
    expect(ended).toMatchObject({
      request_counts: { processing: 0, succeeded: 2, errored: 0, canceled: 0, expired: 0 },
      results_url: `${parley.server.url}/v1/messages/batches/${batch.id}/results`,
    });
    const results = await resultsOf(batch.id);
    expect(Object.keys(results).toSorted()).toEqual(["one", "two"]);
    expect(results["one"]).toMatchObject({
      type: "succeeded",
      message: {
        type: "message",
        model: "claude-haiku-4-5-20251001",
        content: [{ type: "text", text: "Hello" }],
        stop_reason: "end_turn",
        usage: { service_tier: "batch", output_tokens: 5 },
      },
    });
    const listed = await client.messages.batches.list({ limit: 1 });
    expect(listed.data).toEqual([ended]);
    expect(await client.messages.batches.delete(batch.id)).toEqual({ id: batch.id, type: "message_batch_deleted" });
    await expect(client.messages.batches.retrieve(batch.id)).rejects.toMatchObject({ status: 404, type: "not_found_error" });
    expect(await Array.fromAsync(parley.blobs.list())).toEqual([]);
  });

  test("an older client's batches are the same, in its dialect", async () => {
    parley.startWorker();
    const old = new OldAnthropic({ baseURL: parley.server.url, apiKey: KEY, maxRetries: 0 });
    const warm = { ...say("warm"), temperature: 0.5 };
    const batch = await old.messages.batches.create({ requests: [{ custom_id: "warm", params: warm } as never] });
    await untilEnded(batch.id);
    const lines = await Array.fromAsync(await old.messages.batches.results(batch.id));
    expect(lines).toMatchObject([{ custom_id: "warm", result: { type: "succeeded" } }]);
    // What the new dialect refuses is an errored result there, not a refusal of the batch.
    const strict = await client.messages.batches.create({ requests: [entry("warm", warm)] });
    await untilEnded(strict.id);
    expect((await resultsOf(strict.id))["warm"]).toEqual({
      type: "errored",
      error: {
        type: "error",
        error: { type: "invalid_request_error", message: "temperature: Extra inputs are not permitted" },
        request_id: expect.stringMatching(/^req_/),
      },
    });
    for (const { id } of [batch, strict]) await client.messages.batches.delete(id);
  });

  test("each turn is on the ledger once, with its result's request, at batch prices, and limits are not touched", async () => {
    parley.startWorker();
    const reserved = parley.server.limits.reserved.length;
    const batch = await client.messages.batches.create({
      requests: [entry("billed"), entry("wrong", say("x", { max_tokens: -1 }))],
    });
    const { request_counts: counts } = await untilEnded(batch.id);
    expect(counts).toMatchObject({ succeeded: 1, errored: 1 });
    const { billed } = await resultsOf(batch.id);
    const rows = (await dumpTable(parley.storage, "turn_records"))
      .split("\n")
      .map((row) => JSON.parse(row) as Record<string, unknown>);
    const mine = rows.filter((row) => billed?.type === "succeeded" && row["message_id"] === billed.message.id);
    expect(mine).toMatchObject([
      { service_tier: "batch", output_tokens: 5, workspace_id: "wrkspc_1", product: "message_batches_api" },
    ]);
    expect(parley.server.limits.reserved.length).toBe(reserved);
    expect(parley.engine.turns.at(-1)?.priority).toBe("batch");
    await client.messages.batches.delete(batch.id);
  });

  test("a canceled batch finishes what runs and begins nothing more", async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    parley.engine.play(async function* () {
      yield start;
      await released;
      yield* textBlock(0, "done");
      yield end();
    });
    parley.startWorker(2);
    const begun = parley.engine.turns.length;
    const batch = await client.messages.batches.create({
      requests: Array.from({ length: 40 }, (_, index) => entry(`r${index}`)),
    });
    await expect.poll(() => parley.engine.turns.length).toBe(begun + 2);
    const canceling = await client.messages.batches.cancel(batch.id);
    expect(canceling).toMatchObject({
      processing_status: "canceling",
      cancel_initiated_at: expect.any(String),
      request_counts: { processing: 40 },
    });
    expect((await client.messages.batches.cancel(batch.id)).processing_status).toBe("canceling");
    release();
    const { request_counts: counts } = await untilEnded(batch.id);
    // What a worker had taken up may still be done; the rest is not.
    expect(counts.succeeded).toBeGreaterThanOrEqual(2);
    expect(counts.canceled).toBeGreaterThanOrEqual(24);
    expect(counts.succeeded + counts.canceled).toBe(40);
    expect(Object.values(await resultsOf(batch.id)).filter(({ type }) => type === "canceled")).toHaveLength(counts.canceled);
    await expect(client.messages.batches.cancel(batch.id)).rejects.toThrow("cannot be canceled because it has already ended");
    await client.messages.batches.delete(batch.id);
  });

  test("another workspace's batch answers like one that never was", async () => {
    const batch = await client.messages.batches.create({ requests: [entry("secret")] });
    for (const id of [batch.id, "msgbatch_01nothing", "%", "x' or '1'='1"]) {
      const expected = { status: 404, error: { error: { type: "not_found_error", message: `Message Batch not found: ${id}` } } };
      await expect(other.messages.batches.retrieve(id)).rejects.toMatchObject(expected);
      await expect(other.messages.batches.cancel(id)).rejects.toMatchObject(expected);
      await expect(other.messages.batches.delete(id)).rejects.toMatchObject(expected);
    }
    expect((await other.messages.batches.list()).data).toEqual([]);
    const reply = await get(`/v1/messages/batches/${batch.id}/results`, { "x-api-key": OTHER_KEY });
    expect(reply.status).toBe(404);
    await client.messages.batches.cancel(batch.id);
    parley.startWorker();
    await untilEnded(batch.id);
    await client.messages.batches.delete(batch.id);
  });
});

test("results come in ranges, from the host that the client used, and not before the end", async () => {
  const batch = await client.messages.batches.create({ requests: [entry("a"), entry("b")] });
  const path = `/v1/messages/batches/${batch.id}/results`;
  expect((await get(path)).status).toBe(400);
  parley.startWorker();
  await untilEnded(batch.id);
  const whole = await (await get(path)).text();
  expect(
    whole
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { custom_id: string }).custom_id),
  ).toEqual(["a", "b"]);
  const part = await get(path, { range: "bytes=5-14" });
  expect([part.status, part.headers.get("content-range"), await part.text()]).toEqual([
    206,
    `bytes 5-14/${whole.length}`,
    whole.slice(5, 15),
  ]);
  const beyond = await get(path, { range: `bytes=${whole.length}-` });
  expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, `bytes */${whole.length}`]);
  const proxied = await get(`/v1/messages/batches/${batch.id}`, { "x-forwarded-proto": "https" });
  expect(await proxied.json()).toMatchObject({ results_url: `https://127.0.0.1:${parley.server.port}${path}` });
  await client.messages.batches.delete(batch.id);
});

test("a failure that may pass is tried again; one that stays is the result, and is not billed", async () => {
  let tries = 0;
  parley.engine.play(async function* (turn) {
    yield start;
    tries += 1;
    if (JSON.stringify(turn.messages).includes("never") || tries === 1) throw fail("overloaded_error", { public: "Overloaded" });
    yield* textBlock(0, "at last");
    yield end();
  });
  parley.startWorker(1);
  const rows = (await dumpTable(parley.storage, "turn_records")).split("\n").length;
  const batch = await client.messages.batches.create({ requests: [entry("later"), entry("never")] });
  await untilEnded(batch.id);
  const results = await resultsOf(batch.id);
  expect(results["later"]).toMatchObject({ type: "succeeded", message: { content: [{ text: "at last" }] } });
  expect(results["never"]).toMatchObject({
    type: "errored",
    error: { error: { type: "overloaded_error", message: "Overloaded" } },
  });
  expect((await dumpTable(parley.storage, "turn_records")).split("\n").length).toBe(rows + 1);
  await client.messages.batches.delete(batch.id);
});

test("after 24 hours what has not begun expires, and after 29 days the results are gone", async () => {
  const batch = await client.messages.batches.create({ requests: [entry("late")] });
  parley.skip(24 * HOUR_MS);
  await parley.batches.sweep();
  parley.startWorker();
  expect((await untilEnded(batch.id)).request_counts).toMatchObject({ expired: 1, succeeded: 0 });
  expect(await resultsOf(batch.id)).toEqual({ late: { type: "expired" } });
  parley.skip(28 * 24 * HOUR_MS);
  const orphan = `batches/${batch.id}/blob_orphan`;
  async function* bytes() {
    yield Buffer.from("x");
  }
  await parley.blobs.put(orphan, bytes());
  await parley.batches.sweep();
  expect(await Array.fromAsync(parley.blobs.list())).toMatchObject([{ key: orphan }]);
  parley.skip(25 * HOUR_MS);
  await removeOrphans({ ...parley, owners: [parley.batches.blobOwner] });
  expect(await client.messages.batches.retrieve(batch.id)).toMatchObject({ results_url: null, archived_at: expect.any(String) });
  expect((await get(`/v1/messages/batches/${batch.id}/results`)).status).toBe(404);
  expect(await Array.fromAsync(parley.blobs.list())).toEqual([]);
  await client.messages.batches.delete(batch.id);
});

test("requests that wait in an organization's batches are limited, and those that are done make room", async () => {
  parley.limitQueue(5);
  const two = () => client.messages.batches.create({ requests: [entry("a"), entry("b")] });
  const outcomes = await Promise.allSettled([two(), two(), two()]);
  const made = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  const refused = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as unknown] : []));
  expect(made).toHaveLength(2);
  expect(refused).toMatchObject([
    {
      status: 429,
      type: "rate_limit_error",
      message: expect.stringContaining("your organization's rate limit of 5 batch requests in the processing queue"),
    },
  ]);
  expect((refused[0] as InstanceType<typeof Anthropic.RateLimitError>).headers.get("retry-after")).toBe("60");
  parley.startWorker();
  for (const { id } of made) await untilEnded(id);
  const next = await two();
  await untilEnded(next.id);
  parley.limitQueue(null);
  for (const { id } of [...made, next]) await client.messages.batches.delete(id);
});

test("a worker that stops gives back what it has not finished, and another does it", async () => {
  parley.engine.play(async function* (_turn, signal) {
    yield start;
    await pause(60_000, signal);
  });
  parley.startWorker();
  const begun = parley.engine.turns.length;
  const batch = await client.messages.batches.create({ requests: [entry("a"), entry("b"), entry("c")] });
  await expect.poll(() => parley.engine.turns.length).toBe(begun + 3);
  await parley.stopWorker();
  parley.engine.play(scripted(HELLO));
  parley.startWorker();
  expect((await untilEnded(batch.id)).request_counts).toMatchObject({ succeeded: 3 });
  await client.messages.batches.delete(batch.id);
});

test("requests with a common beginning are run one after the other", async () => {
  const batch = await client.messages.batches.create({
    requests: Array.from({ length: 12 }, (_, index) =>
      entry(`r${index}`, say(`question ${index}`, { system: `book ${index % 3}` })),
    ),
  });
  const begun = parley.engine.turns.length;
  parley.startWorker(1);
  await untilEnded(batch.id);
  const books = parley.engine.turns.slice(begun).map(({ system }) => system[0]?.text);
  // Each book comes up once: eleven neighbours, two changes.
  expect(books.filter((book, index) => book !== books[index + 1])).toHaveLength(3);
  await client.messages.batches.delete(batch.id);
});

describe("a body that is no batch", () => {
  const good = JSON.stringify(entry("ok"));
  test.each([
    ["", "The request body is not valid JSON: the body is empty"],
    ["[]", "Input should be a valid dictionary or object"],
    ["{}", "requests: Field required"],
    ['{"requests":{}}', "requests: Input should be a valid list"],
    ['{"requests":[]}', "requests: List should have at least 1 item after validation, not 0"],
    [`{"requests":[${good}]`, "The request body is not valid JSON: it ends too early"],
    [`{"requests":[${good},]}`, "The request body is not valid JSON: requests.1 is missing"],
    [`{"requests":[${good} ${good}]}`, "The request body is not valid JSON: a comma is expected after requests.0"],
    [`{"requests":[${good}]} x`, "The request body is not valid JSON: something follows its end"],
    [`{"requests":[${good},{"custom_id":"b","params":{,}}]}`, "The request body is not valid JSON: requests.1 is malformed"],
    [`{"requests":[${good},7]}`, "requests.1: Input should be a valid dictionary or object"],
    [`{"requests":[${good}],"requests":[]}`, "requests: The key may be given once only"],
    [`{"model":"x","requests":[${good}]}`, "model: Extra inputs are not permitted"],
    [`{"requests":[${good},{"params":{}}]}`, "requests.1.custom_id: Field required"],
    [`{"requests":[${good},{"custom_id":"b"}]}`, "requests.1.params: Field required"],
    [`{"requests":[${good},{"custom_id":"b","params":{},"x":1}]}`, "requests.1.x: Extra inputs are not permitted"],
    [
      `{"requests":[${good},{"custom_id":"a b","params":{}}]}`,
      "requests.1.custom_id: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'",
    ],
    [`{"requests":[${good},${good}]}`, "requests.1.custom_id: 'ok' is the custom_id of requests.0 already; each must be unique"],
    [
      `{"requests":[{"custom_id":"a","params":{"stream":true}}]}`,
      "requests.0.params.stream: Streaming is not supported in batches",
    ],
    [
      `{"requests":[{"custom_id":"a","params":{"max_tokens":0}}]}`,
      "requests.0.params.max_tokens: Input should be greater than or equal to 1",
    ],
  ])("%s", async (body, message) => {
    const reply = await send(body);
    expect([reply.status, await reply.json()]).toMatchObject([400, { error: { type: "invalid_request_error", message } }]);
    expect((await client.messages.batches.list()).data).toEqual([]);
    expect(await Array.fromAsync(parley.blobs.list())).toEqual([]);
    expect(await dumpTable(parley.storage, "batch_items")).toBe("");
  });

  test("one with bytes that are not UTF-8", async () => {
    const reply = await send(Buffer.from(`{"requests":[{"custom_id":"\xff","params":{}}]}`, "latin1"));
    expect(await reply.json()).toMatchObject({
      error: { message: "The request body is not valid JSON: requests.0 is not UTF-8" },
    });
  });

  test("one of 300 MB gets 413 before it is read", async () => {
    const reply = await raw(`content-length: ${300 * 1024 * 1024}\r\n\r\n`);
    expect(reply).toMatch(/^HTTP\/1.1 413 [\s\S]*request_too_large/);
  });

  test("one that breaks off leaves nothing", async () => {
    const socket = connect(parley.server.port, "127.0.0.1");
    socket.write(`${HEAD}content-length: 5000000\r\n\r\n{"requests":[`);
    for (let index = 0; index < 3_000; index += 1) socket.write(`${JSON.stringify(entry(`r${index}`))},`);
    await expect
      .poll(async () => (await dumpTable(parley.storage, "batch_items")).length, { timeout: 10_000 })
      .toBeGreaterThan(0);
    expect((await client.messages.batches.list()).data).toEqual([]);
    socket.destroy();
    await expect.poll(() => dumpTable(parley.storage, "batch_items")).toBe("");
    await expect.poll(() => dumpTable(parley.storage, "message_batches")).toBe("");
    expect(await Array.fromAsync(parley.blobs.list())).toEqual([]);
  });
});

const HEAD = `POST /v1/messages/batches HTTP/1.1\r\nhost: x\r\nx-api-key: ${KEY}\r\nanthropic-version: 2026-10-21\r\ncontent-type: application/json\r\n`;

function raw(rest: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(parley.server.port, "127.0.0.1");
    socket.write(`${HEAD}${rest}`);
    socket.once("data", (chunk) => {
      resolve(chunk.toString());
      socket.destroy();
    });
  });
}

function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${parley.server.url}${path}`, { headers: { "anthropic-version": "2026-10-21", "x-api-key": KEY, ...headers } });
}

function send(body: string | Buffer): Promise<Response> {
  const headers = { "anthropic-version": "2026-10-21", "x-api-key": KEY, "content-type": "application/json" };
  return fetch(`${parley.server.url}/v1/messages/batches`, { method: "POST", headers, body: new Uint8Array(Buffer.from(body)) });
}

/** A server with a real database, ledger and blob folder, and a worker to be started over a scripted engine. */
async function startBatchServer() {
  const folder = await mkdtemp(join(tmpdir(), "parley-batches-"));
  const storage = await openTestStorage();
  let skippedMs = 0;
  const clock: Clock = { nowMs: () => Date.now() + skippedMs, monotonicMs: () => performance.now() };
  const blobs = await openFolderBlobStore(join(folder, "blobs"));
  const ledger = await createLedger({ storage, spoolDir: join(folder, "spool"), log: silentLog });
  const { engine, runItem } = await createScriptedItemRunner();
  let worker: BatchWorker | null = null;
  const batches = createBatches({ storage, blobs, clock, retentionDays: 30, wake: () => worker?.wake() });
  let queueLimit: number | null = null;
  const organizationLimitsOf = async () => ({
    ...DEFAULT_LIMITS,
    ...(queueLimit === null ? {} : { batchQueueRequests: queueLimit }),
  });
  const limitPolicy = {
    organizationLimitsOf,
    limitsOf: async () => ({ organization: await organizationLimitsOf(), workspace: {}, priority: {} }),
    forget() {},
  };
  const server = await startTestServer({ deps: { batches, limitPolicy } });
  return {
    server,
    storage,
    blobs,
    clock,
    batches,
    engine,
    skip: (ms: number) => void (skippedMs += ms),
    limitQueue: (requests: number | null) => void (queueLimit = requests),
    startWorker(concurrency = 4) {
      worker = startBatchWorker({ storage, blobs, ledger, runItem, clock, log: silentLog, concurrency, times });
    },
    async stopWorker() {
      await worker?.close(0);
      worker = null;
    },
    async [Symbol.asyncDispose]() {
      await worker?.close(0);
      await server.close();
      await ledger.close();
      await storage.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
