import { ErrorEnvelope } from "@parley/wire";
import assert from "node:assert/strict";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fullRequest } from "../../../wire/test/support/full-request.ts";
import { mutate, randomFrom } from "../../../wire/test/support/mutate.ts";
import { INSPECTABLE, inspectHeap } from "../support/inspect-heap.ts";
import { enginePid, privateBytes } from "../support/processes.ts";
import { type RunningParley, SMALL, startParley } from "../support/start-parley.ts";

/** So many in every run of all tests, which has 40 minutes; 5,000 and more by hand. */
const CASES = Number(process.env["PARLEY_FUZZ_CASES"] ?? 1_000);
const SEED = Number(process.env["PARLEY_FUZZ_SEED"] ?? 20_261_121);
const CONCURRENCY = 8;
const MB = 1024 * 1024;
/**
 * What the server's heap may hold more after the last third than after the second, its garbage collected both times: a leak
 * of one 8 kB request a case would show as 2.7 MB a third of 1,000.
 */
const HEAP_GROWTH_MAX_BYTES = 2.5 * MB;
/**
 * The same for all memory of the engine, whose garbage is collected too: a leak of a slot's or a call's state (100 kB and more)
 * would show as 33 MB and more.
 */
const ENGINE_GROWTH_MAX_BYTES = 24 * MB;

let parley: RunningParley;
beforeAll(async () => {
  parley = await startParley({
    model: SMALL,
    env: {
      ...INSPECTABLE,
      PARLEY_LOG_LEVEL: "error",
      PARLEY_CONTEXT_TOKENS: "2048",
      PARLEY_SLOTS: "2",
      // A third of the time that llama-server takes; it passes too (PARLEY_ENGINE=llama-server).
      PARLEY_ENGINE: process.env["PARLEY_ENGINE"] ?? "node-llama-cpp",
    },
  });
});
afterAll(async () => {
  await parley?.[Symbol.asyncDispose]();
});

interface Case {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Outcome {
  readonly status: number;
  readonly requestId: string | null;
  readonly text: string;
}

test(`${CASES} fuzzed requests get 2xx or a well-formed 4xx, leak nothing, and leave no memory behind`, async () => {
  const random = randomFrom(SEED);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;
  const signed = await signedThinking();
  const engine = enginePid(parley.child.pid!);
  const serverHeap = await inspectHeap(parley.child.pid!);
  // llama-server has no garbage.
  const engineHeap = process.env["PARLEY_ENGINE"] === "llama-server" ? null : await inspectHeap(engine);
  const held: { readonly server: number; readonly engine: number }[] = [];
  const statuses = new Map<number, number>();
  let done = 0;
  let failure: Error | null = null;

  async function worker(until: number): Promise<void> {
    while (done < until && failure === null) {
      const number = done++;
      const isRaw = random() < 0.06;
      const sent = isRaw ? rawBytes(random) : makeCase(random, pick, signed);
      try {
        const outcome = Buffer.isBuffer(sent) ? await sendRaw(sent) : await send(sent);
        if (outcome === null) continue;
        statuses.set(outcome.status, (statuses.get(outcome.status) ?? 0) + 1);
        judge(outcome);
      } catch (error) {
        const shown = Buffer.isBuffer(sent) ? sent.toString("latin1") : JSON.stringify(sent);
        failure = new Error(`case ${number} of seed ${SEED}: ${shown.slice(0, 4_000)}`, { cause: error });
      }
    }
  }
  for (const until of [CASES / 3, (2 * CASES) / 3, CASES]) {
    await Promise.all(Array.from({ length: CONCURRENCY }, () => worker(until)));
    if (failure !== null) throw failure;
    await engineHeap?.collect();
    held.push({ server: await serverHeap.collect(), engine: privateBytes(engine) });
  }

  // The same processes answer at the end: nothing crashed on the way.
  expect(enginePid(parley.child.pid!)).toBe(engine);
  expect((await send({ path: "/v1/messages", headers: keyHeaders(), body: JSON.stringify(SMALL_TALK) })).status).toBe(200);
  const shown = held.map(({ server, engine: all }) => `${(server / MB).toFixed(1)} and ${Math.round(all / MB)}`).join(", ");
  process.stdout.write(
    `fuzz: ${JSON.stringify(Object.fromEntries([...statuses].toSorted(([a], [b]) => a - b)))}, MB of the server's heap and of the engine: ${shown}\n`,
  );
  // Both sides of the validation were reached.
  expect(statuses.get(200)).toBeGreaterThan(CASES / 10);
  expect(statuses.get(400)).toBeGreaterThan(CASES / 10);
  // The first third warms up.
  const [, before, after] = held;
  expect(after!.server - before!.server).toBeLessThan(HEAP_GROWTH_MAX_BYTES);
  expect(after!.engine - before!.engine).toBeLessThan(ENGINE_GROWTH_MAX_BYTES);
});

const MODEL = "claude-opus-4-5";
const SMALL_TALK = { model: MODEL, max_tokens: 2, messages: [{ role: "user", content: "Hi" }] };

/** Short prompts that reach every way of decoding; the long one with everything in it goes to the counting. */
const SEEDS: readonly Record<string, unknown>[] = [
  SMALL_TALK,
  { ...SMALL_TALK, stream: true, stop_sequences: ["a", "END"], temperature: 1, metadata: { user_id: "u" } },
  { ...SMALL_TALK, system: "Be brief.", service_tier: "auto", top_k: 3, diagnostics: { previous_message_id: null } },
  { ...SMALL_TALK, max_tokens: 0 },
  {
    ...SMALL_TALK,
    messages: [
      { role: "user", content: [{ type: "text", text: "Say a", cache_control: { type: "ephemeral" } }] },
      { role: "assistant", content: "a" },
      { role: "user", content: [{ type: "text", text: "Say b" }] },
      { role: "assistant", content: [{ type: "text", text: "b" }] },
    ],
  },
  {
    ...SMALL_TALK,
    stream: true,
    tools: [{ name: "f", description: "F", input_schema: { type: "object", properties: { a: { type: "integer" } } } }],
    tool_choice: { type: "any" },
  },
  {
    ...SMALL_TALK,
    tools: [{ name: "f", strict: true, input_schema: { type: "object", properties: { a: { enum: ["x", "y"] } } } }],
    tool_choice: { type: "tool", name: "f", disable_parallel_tool_use: true },
    messages: [
      { role: "user", content: "Call f" },
      { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "f", input: { a: "x" } }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: "1", is_error: true }] },
    ],
  },
  {
    ...SMALL_TALK,
    output_config: {
      effort: "low",
      format: { type: "json_schema", schema: { type: "object", properties: { a: { type: "array", items: { type: "null" } } } } },
    },
  },
  { ...SMALL_TALK, model: "claude-opus-4-6", thinking: { type: "adaptive", display: "omitted" }, stream: true },
];

const LEGACY = {
  model: MODEL,
  prompt: "\n\nHuman: Hi\n\nAssistant:",
  max_tokens_to_sample: 2,
  stop_sequences: ["x"],
  stream: true,
};

function makeCase(random: () => number, pick: <Item>(items: readonly Item[]) => Item, signed: unknown): Case {
  const headers = random() < 0.1 ? oddHeaders(pick) : keyHeaders();
  const kind = random();
  const whole = withThinking(fullRequest(), signed);
  const { path, seed, rewordShare } =
    kind < 0.4
      ? { path: "/v1/messages", seed: pick(SEEDS), rewordShare: 0.45 }
      : kind < 0.6 // Its prompt is long: few of these may be valid.
        ? { path: "/v1/messages?beta=true", seed: whole, rewordShare: 0.02 }
        : kind < 0.9
          ? { path: "/v1/messages/count_tokens", seed: forCounting(random() < 0.5 ? whole : pick(SEEDS)), rewordShare: 0.5 }
          : { path: "/v1/complete", seed: LEGACY, rewordShare: 0.4 };
  let body = JSON.stringify(bounded(random() < rewordShare ? reword(seed, random, pick) : mutate(seed, random)));
  // Also bodies that are no JSON, or not quite.
  const wound = random();
  if (wound < 0.03) body = body.slice(0, Math.floor(random() * body.length));
  else if (wound < 0.06) {
    const at = Math.floor(random() * body.length);
    body =
      body.slice(0, at) + pick(["\u0000", '"', "{", "]", "\\", "\ud800", "NaN", "\uFEFF", "1e9999", "//"]) + body.slice(at + 1);
  }
  return { path, headers, body };
}

const ODD_TEXTS = [
  "",
  " ",
  "\n\n",
  "\u0000",
  "\ud800",
  "\u202e",
  "e\u0301".repeat(40),
  "👩‍👩‍👧‍👦🏳️‍🌈",
  "𝕏",
  "\uFFFD\uFFFE",
  "ﷺ".repeat(20),
  "<|im_start|>system",
  "<|im_end|>",
  "</s>[INST]",
  "<tool_call>",
  "<think>",
  "{{ messages }}",
  "{% for %}",
  "${x}",
  "%s%n",
  '{"name": "f", "arguments": {}}',
  "```json\n{",
  "data: x\n\nevent: y",
  "../../etc/passwd",
  "'; drop table api_keys; --",
];
const WORDED = new Set(["text", "content", "system", "description", "prompt", "title", "city", "a", "user_id"]);

/** A copy that is valid still, most of the time: odd words in place of its texts, options left out. */
function reword(seed: unknown, random: () => number, pick: <Item>(items: readonly Item[]) => Item): unknown {
  const walk = (value: unknown, key: string): unknown => {
    if (typeof value === "string") return WORDED.has(key) && random() < 0.3 ? value + pick(ODD_TEXTS) : value;
    if (Array.isArray(value)) return value.map((item) => walk(item, key));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, walk(member, name)]));
  };
  const copy = walk(seed, "") as Record<string, unknown>;
  for (const name of Object.keys(copy)) {
    if (!["model", "messages", "max_tokens", "tools"].includes(name) && random() < 0.1) delete copy[name];
  }
  return copy;
}

/** Long outputs would only make the test long: what is left valid stays small. */
function bounded(body: unknown): unknown {
  if (typeof body !== "object" || body === null) return body;
  for (const key of ["max_tokens", "max_tokens_to_sample"]) {
    const value = (body as Record<string, unknown>)[key];
    if (typeof value === "number" && value > 2) Object.assign(body, { [key]: 2 });
  }
  return body;
}

const NOT_COUNTED = new Set([
  "max_tokens",
  "stream",
  "temperature",
  "top_k",
  "metadata",
  "service_tier",
  "stop_sequences",
  "inference_geo",
  "diagnostics",
]);

function forCounting(request: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(request).filter(([name]) => !NOT_COUNTED.has(name)));
}

/** Puts a thinking block that this server has signed where the full request has a made-up one. */
function withThinking(request: Record<string, unknown>, signed: unknown): Record<string, unknown> {
  const turn = (request["messages"] as { content: unknown[] }[])[1]!;
  turn.content = turn.content.map((block) => ((block as { type: string }).type === "thinking" ? signed : block));
  return request;
}

async function signedThinking(): Promise<unknown> {
  const body = {
    ...SMALL_TALK,
    max_tokens: 1_050,
    thinking: { type: "enabled", budget_tokens: 1_024 },
    messages: [{ role: "user", content: "What is 1 + 1?" }],
  };
  const { text, status } = await send({ path: "/v1/messages", headers: keyHeaders(), body: JSON.stringify(body) });
  expect(status, text).toBe(200);
  return (JSON.parse(text) as { content: { type: string }[] }).content.find(({ type }) => type === "thinking");
}

function keyHeaders(): Record<string, string> {
  return { "content-type": "application/json", "anthropic-version": "2023-06-01", "x-api-key": parley.apiKey };
}

function oddHeaders(pick: <Item>(items: readonly Item[]) => Item): Record<string, string> {
  const name = pick([
    "anthropic-version",
    "x-api-key",
    "authorization",
    "content-type",
    "anthropic-beta",
    "idempotency-key",
    "content-encoding",
    "anthropic-workspace-id",
    "traceparent",
    "x-stainless-retry-count",
    "accept",
    "origin",
    "x-claude-code-session-id",
    "x-forwarded-for",
    "anthropic-dangerous-direct-browser-access",
  ]);
  const value = pick([
    "",
    " ",
    "x",
    "0",
    "-1",
    "1e9",
    "2026-10-21",
    "Bearer",
    "Bearer x y",
    "gzip",
    "true",
    "null",
    "../../etc/passwd",
    "a,b,,c",
    "sk-ant-api03-",
    "\u00ff\u00fe",
    "%00",
    "';--",
    "x".repeat(5_000),
    `Bearer ${parley.apiKey}`,
    "00-0-0-0",
  ]);
  return { ...keyHeaders(), [name]: value };
}

async function send({ path, headers, body }: Case): Promise<Outcome> {
  const response = await fetch(`${parley.url}${path}`, { method: "POST", headers, body });
  return { status: response.status, requestId: response.headers.get("request-id"), text: await response.text() };
}

function rawBytes(random: () => number): Buffer {
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;
  const noise = Buffer.from(Array.from({ length: 1 + Math.floor(random() * 300) }, () => Math.floor(random() * 256)));
  const key = `x-api-key: ${parley.apiKey}\r\nanthropic-version: 2023-06-01\r\n`;
  const head = `POST /v1/messages HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${key}`;
  return pick<() => Buffer>([
    () => noise,
    () => Buffer.concat([Buffer.from(`${head}content-length: ${noise.length}\r\n\r\n`), noise]),
    () => Buffer.concat([Buffer.from(head), noise, Buffer.from("\r\n\r\n")]),
    () => Buffer.from(`${head}content-length: ${pick(["-1", "x", "1e3", "99999999999999999999", "0, 1"])}\r\n\r\n{}`),
    () =>
      Buffer.from(
        `${head}transfer-encoding: chunked\r\n\r\n${pick(["zz\r\n{}\r\n", "2\r\n{}\r\n0\r\n\r\n", "-1\r\n", "2\r\n{}x"])}`,
      ),
    () => Buffer.from(`${head}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}`),
    () => Buffer.from(`${head}content-length: 40000000\r\n\r\n{}`),
    () => Buffer.from(`${head}x: ${"y".repeat(40_000)}\r\n\r\n`),
    () => Buffer.from(`${head}${"x: y\r\n".repeat(150)}content-length: 2\r\n\r\n{}`),
    () =>
      Buffer.from(
        `${pick(["GET", "PUT", "TRACE", "FOO", "CONNECT"])} ${pick(["/v1/messages", "*", "//", "/%", "/v1/models/%ff", "/\\..\\..", "http://[", "/v1/models?limit=x"])} HTTP/1.1\r\nhost: ${pick(["x", "[", "", "a b"])}\r\nconnection: close\r\n${key}\r\n`,
      ),
    () => Buffer.from(`POST /v1/messages HTTP/${pick(["0.9", "1.0", "2.0", "x"])}\r\n${key}content-length: 2\r\n\r\n{}`),
  ])();
}

/** The reply to bytes as they are, or null when there is none: noise may be the beginning of a request that never goes on. */
function sendRaw(bytes: Buffer): Promise<Outcome | null> {
  const { hostname, port } = new URL(parley.url);
  const { promise, resolve } = Promise.withResolvers<Outcome | null>();
  const socket = connect({ host: hostname, port: Number(port) });
  let reply = "";
  const end = (): void => {
    clearTimeout(timer);
    socket.destroy();
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(reply)?.[1];
    const split = reply.indexOf("\r\n\r\n");
    resolve(
      status === undefined
        ? null
        : { status: Number(status), requestId: /^request-id: (.+)\r$/m.exec(reply)?.[1] ?? null, text: reply.slice(split + 4) },
    );
  };
  const timer = setTimeout(end, 1_000);
  socket.on("data", (chunk: Buffer) => {
    reply += chunk.toString("utf8");
    // The one reply is whole; what the server still waits for will not come.
    const length = /^content-length: (\d+)\r$/im.exec(reply)?.[1];
    const split = reply.indexOf("\r\n\r\n");
    if (length !== undefined && split >= 0 && Buffer.byteLength(reply.slice(split + 4)) >= Number(length)) end();
  });
  socket.on("error", end);
  socket.on("close", end);
  socket.write(bytes);
  return promise;
}

const LEAK =
  /node_modules|\.ts:\d|\.js:\d|\bat [\w.<>]+ \(|\bat async |\/packages\/|\/tmp\/|\/home\/|\/root\/|file:\/\/|\bselect\b.+\bfrom\b|\binsert into\b|TypeError|RangeError|ECONN|undefined is not|Cannot read prop/i;

function judge({ status, requestId, text }: Outcome): void {
  if (status >= 200 && status < 300) {
    // A stream that fails on the way says so in an event.
    assert.doesNotMatch(text, /^event: error$/m);
    return;
  }
  assert(status >= 400 && status < 500, `status ${status}: ${text}`);
  const envelope = ErrorEnvelope.parse(JSON.parse(text));
  assert.doesNotMatch(envelope.error.message, LEAK);
  assert.notEqual(envelope.error.message, "");
  assert.equal(envelope.request_id, requestId);
}
