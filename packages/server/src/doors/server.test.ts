import { connect } from "node:net";
import Anthropic from "@anthropic-ai/sdk";
import { ErrorEnvelope } from "@parley/wire";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { fail } from "../platform/fail.ts";
import { end, failing, HELLO, pause, scripted, start, textBlock } from "./testing/scripted-engine.ts";
import {
  BODY,
  get,
  KEY,
  parseEvents,
  post,
  RATE_HEADERS,
  startTestServer,
  type TestServer,
  until,
} from "./testing/start-test-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ pingAfterMs: 40, stallAfterMs: 300 });
});
afterAll(() => server.close());
afterEach(() => {
  server.engine.play(scripted(HELLO));
  server.limits.refuse = null;
});

async function refusal(reply: Response) {
  const body = ErrorEnvelope.parse(await reply.json());
  expect(body.request_id).toBe(reply.headers.get("request-id"));
  return { status: reply.status, type: body.error.type, message: body.error.message };
}

/** Sends bytes over a socket and returns what comes back until the server closes or `ms` have passed. */
async function raw(text: string, ms = 500): Promise<string> {
  const socket = connect(server.port, "127.0.0.1");
  let received = "";
  socket.on("data", (chunk) => (received += chunk.toString()));
  socket.on("error", () => {});
  socket.write(text);
  await Promise.race([
    new Promise((resolve) => socket.once("close", resolve)),
    new Promise((resolve) => setTimeout(resolve, ms)),
  ]);
  socket.destroy();
  return received;
}

const head = (length: number | string): string =>
  `POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: ${KEY}\r\nanthropic-version: 2023-06-01\r\ncontent-length: ${length}\r\n`;

describe("headers", () => {
  test("every reply has its ids, the limits and the times", async () => {
    const reply = await post(server, "/v1/messages", BODY);
    expect(reply.headers.get("request-id")).toMatch(/^req_01/);
    expect(reply.headers.get("anthropic-organization-id")).toBe("org_1");
    for (const [name, value] of Object.entries(RATE_HEADERS)) expect(reply.headers.get(name)).toBe(value);
    expect(reply.headers.get("server-timing")).toMatch(
      /^auth;dur=.*limits;dur=.*render;dur=1.00, queue;dur=2.00, cached;dur=3.00, prefill;dur=4.00, decode;dur=5.00$/,
    );
  });

  test.each([
    ["a count of tokens", 200, () => post(server, "/v1/messages/count_tokens", { ...BODY, max_tokens: undefined })],
    ["the models", 200, () => get(server, "/v1/models")],
    ["a body that is not valid", 400, () => post(server, "/v1/messages", { ...BODY, messages: [] })],
    ["a model that is not there", 404, () => get(server, "/v1/models/none")],
    ["a missing version", 400, () => get(server, "/v1/models", { headers: { "anthropic-version": "" } })],
  ])("%s: the organization and the limits are told", async (_what, status, call) => {
    const reply = await call();
    expect(reply.status, await reply.text()).toBe(status);
    expect(reply.headers.get("request-id")).toMatch(/^req_01/);
    expect(reply.headers.get("anthropic-organization-id")).toBe("org_1");
    for (const [name, value] of Object.entries(RATE_HEADERS)) expect(reply.headers.get(name)).toBe(value);
  });

  test("a stream says its later times in a comment before message_stop", async () => {
    const text = await (await post(server, "/v1/messages", { ...BODY, stream: true })).text();
    expect(text).toMatch(/\n\n: server-timing: auth;dur=.*decode;dur=5.00\n\nevent: message_stop\n/);
  });

  test.each(["2023-06-01", "2026-10-21"])("version %s takes both ways to present a key", async (version) => {
    for (const headers of [{ "x-api-key": KEY }, { authorization: `Bearer ${KEY}` }]) {
      const reply = await post(server, "/v1/messages", BODY, {
        key: null,
        headers: { ...headers, "anthropic-version": version },
      });
      expect(reply.status).toBe(200);
    }
  });

  test("a missing or unknown version is a 400", async () => {
    const headers = { "x-api-key": KEY, "content-type": "application/json" };
    const none = await fetch(`${server.url}/v1/messages`, { method: "POST", headers, body: "{}" });
    expect(await refusal(none)).toEqual({
      status: 400,
      type: "invalid_request_error",
      message: "anthropic-version: header is required",
    });
    expect(
      (await refusal(await post(server, "/v1/messages", BODY, { headers: { "anthropic-version": "2020-01-01" } }))).status,
    ).toBe(400);
  });

  test("a missing or wrong key is a 401", async () => {
    expect(await refusal(await post(server, "/v1/messages", BODY, { key: null }))).toEqual({
      status: 401,
      type: "authentication_error",
      message: "x-api-key header is required",
    });
    expect(await refusal(await post(server, "/v1/messages", BODY, { key: "sk-no" }))).toEqual({
      status: 401,
      type: "authentication_error",
      message: "invalid x-api-key",
    });
  });

  test("unknown betas are fine", async () => {
    expect(
      (await post(server, "/v1/messages?beta=true", BODY, { headers: { "anthropic-beta": "made-up-2099-01-01, another" } }))
        .status,
    ).toBe(200);
  });

  test("a browser may read replies only where the page allows it to itself", async () => {
    const origin = { origin: "https://page.example" };
    const plain = await post(server, "/v1/messages", BODY, { headers: origin });
    expect(plain.headers.get("access-control-allow-origin")).toBeNull();
    const allowed = await post(server, "/v1/messages", BODY, {
      headers: { ...origin, "anthropic-dangerous-direct-browser-access": "true" },
    });
    expect(allowed.headers.get("access-control-allow-origin")).toBe("*");
    const preflight = await fetch(`${server.url}/v1/messages`, {
      method: "OPTIONS",
      headers: { ...origin, "access-control-request-headers": "x-api-key, anthropic-dangerous-direct-browser-access" },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-headers")).toContain("x-api-key");
  });
});

describe("paths", () => {
  test("a doubled /v1 and a trailing slash are forgiven", async () => {
    expect((await post(server, "/v1/v1/messages", BODY)).status).toBe(200);
    expect((await post(server, "/v1/messages/", BODY)).status).toBe(200);
  });

  test("a path without /v1 is told so", async () => {
    expect((await refusal(await post(server, "/messages", BODY))).message).toContain("did you mean /v1/messages?");
    expect((await refusal(await get(server, "/v1/nothing"))).status).toBe(404);
  });

  test("a wrong method is a 405 that names the right one", async () => {
    const reply = await get(server, "/v1/messages");
    expect(reply.headers.get("allow")).toBe("POST");
    expect((await refusal(reply)).status).toBe(405);
  });

  test("HEAD gives a GET's headers without a body", async () => {
    const reply = await fetch(`${server.url}/healthz`, { method: "HEAD" });
    expect([reply.status, await reply.text()]).toEqual([200, ""]);
  });

  test("a request's target may be a whole URL, a parameter may be encoded, and what is neither is refused", async () => {
    const at = (target: string, method = "GET") =>
      raw(
        `${method} ${target} HTTP/1.1\r\nhost: x\r\nx-api-key: ${KEY}\r\nanthropic-version: 2023-06-01\r\nconnection: close\r\n\r\n`,
      );
    expect(await at("http://elsewhere.example:80/healthz?x#y")).toMatch(/^HTTP\/1.1 200/);
    expect(await at("/v1/models/claude%2Dhaiku%2D4%2D5")).toMatch(/^HTTP\/1.1 200[^]*"claude-haiku-4-5/);
    expect(await at("/v1/models/%zz")).toMatch(/^HTTP\/1.1 404[^]*model: %zz/);
    expect(await at("*", "OPTIONS")).toMatch(/^HTTP\/1.1 400[^]*"request_id":null/);
  });

  test("health, readiness, metrics and the contract are there", async () => {
    expect(await (await get(server, "/healthz", { key: null })).json()).toEqual({ status: "ok" });
    expect((await get(server, "/readyz", { key: null })).status).toBe(200);
    expect(await (await get(server, "/metrics", { key: null })).text()).toContain("parley_http_requests_total");
    expect((await get(server, "/metrics", { key: null, headers: { "x-forwarded-for": "203.0.113.1" } })).status).toBe(404);
    const contract = (await (await get(server, "/openapi.json", { key: null })).json()) as {
      openapi: string;
      paths: Record<string, object>;
    };
    expect(contract.openapi).toBe("3.1.0");
    expect(Object.keys(contract.paths["/v1/messages"] ?? {})).toEqual(["post"]);
  });
});

describe("bodies", () => {
  test("a body announced as too large is refused at once, before it is sent", async () => {
    const received = await raw(`${head(40 * 1024 * 1024)}\r\n{`, 300);
    expect(received).toContain("413 Payload Too Large");
    expect(received).toContain('"type":"request_too_large"');
  });

  test("a chunked body that grows too large is refused on the way", async () => {
    const chunk = "x".repeat(1024 * 1024);
    const body = new ReadableStream({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode(chunk));
      },
    });
    const reply = await fetch(`${server.url}/v1/messages`, {
      method: "POST",
      headers: { "x-api-key": KEY, "anthropic-version": "2023-06-01" },
      body,
      duplex: "half",
    });
    expect((await refusal(reply)).type).toBe("request_too_large");
  });

  test("an expecting client is refused instead of invited", async () => {
    expect(await raw(`${head(40 * 1024 * 1024)}expect: 100-continue\r\n\r\n`, 300)).toMatch(/^HTTP\/1.1 413/);
    expect(await raw(`${head(10)}expect: 100-continue\r\n\r\n`, 300)).toMatch(/^HTTP\/1.1 100/);
  });

  test.each([
    ["", "the body is empty"],
    ["{", "not valid JSON"],
    ["[1,]", "not valid JSON"],
    ["\u0000", "not valid JSON"],
  ])("%j is a 400", async (body, text) => {
    const answer = await refusal(await post(server, "/v1/messages", body));
    expect(answer).toMatchObject({ status: 400, type: "invalid_request_error" });
    expect(answer.message).toContain(text);
  });

  test("an invalid streaming request is plain JSON", async () => {
    const reply = await post(server, "/v1/messages", { ...BODY, stream: true, max_tokens: -1 });
    expect(reply.headers.get("content-type")).toBe("application/json");
    expect(await refusal(reply)).toEqual({
      status: 400,
      type: "invalid_request_error",
      message: "max_tokens: Input should be greater than or equal to 0",
    });
  });

  test("what is no HTTP, or has too large or too many headers, gets the envelope", async () => {
    expect(await raw("NONSENSE\r\n\r\n")).toContain('"type":"invalid_request_error"');
    expect(await raw(`GET / HTTP/1.1\r\nhost: x\r\nbig: ${"x".repeat(40_000)}\r\n\r\n`)).toContain("431");
    const many = Array.from({ length: 200 }, (_, index) => `h${index}: 1\r\n`).join("");
    expect(await raw(`GET /healthz HTTP/1.1\r\nhost: x\r\n${many}\r\n`, 200)).toContain("headers at most");
  });
});

describe("failures", () => {
  test("an unexpected error tells the client nothing of itself, and the log everything", async () => {
    server.engine.play(failing(new Error("secret path /etc/x")));
    const reply = await post(server, "/v1/messages", BODY);
    expect(await refusal(reply)).toEqual({ status: 500, type: "api_error", message: "Internal server error" });
    expect(server.lines.join("")).toContain("secret path");
  });

  test("a 429 says when to come back", async () => {
    server.limits.refuse = fail("rate_limit_error", {
      public: "Too many",
      retryAfterSeconds: 7,
      shouldRetry: true,
      headers: { "anthropic-ratelimit-requests-remaining": "0" },
    });
    const reply = await post(server, "/v1/messages", { ...BODY, stream: true });
    expect(reply.headers.get("anthropic-ratelimit-requests-remaining")).toBe("0");
    expect([reply.status, reply.headers.get("retry-after"), reply.headers.get("x-should-retry")]).toEqual([429, "7", "true"]);
  });

  test("a refusal before the start is JSON; it costs nothing and is not recorded", async () => {
    const rows = server.rows.length;
    server.engine.play(failing(fail("invalid_request_error", { public: "prompt is too long: 9 tokens > 8 maximum" })));
    expect((await refusal(await post(server, "/v1/messages", { ...BODY, stream: true }))).message).toBe(
      "prompt is too long: 9 tokens > 8 maximum",
    );
    expect(server.rows.length).toBe(rows);
  });

  test("a failure after the start is an error event, and what was decoded is recorded", async () => {
    server.engine.play(async function* () {
      yield start;
      yield* textBlock(0, "a", "b").slice(0, 3);
      throw fail("api_error", { public: "The engine stopped.", internal: "exit 137" });
    });
    const reply = await post(server, "/v1/messages", { ...BODY, stream: true });
    const last = parseEvents(await reply.text()).at(-1);
    expect(last).toEqual({
      event: "error",
      data: {
        type: "error",
        error: { type: "api_error", message: "The engine stopped." },
        request_id: reply.headers.get("request-id"),
      },
    });
    expect(server.rows.at(-1)).toMatchObject({
      outcome: "api_error",
      stopReason: null,
      usage: { inputTokens: 11, outputTokens: 2 },
    });
  });

  test("a turn that fails is recorded with the times that were seen", async () => {
    server.engine.play(async function* (_turn, signal) {
      yield start;
      await pause(30, signal);
      yield* textBlock(0, "a").slice(0, 2);
      await pause(60, signal);
      throw fail("api_error", { public: "The engine stopped." });
    });
    await (await post(server, "/v1/messages", { ...BODY, stream: true })).text();
    const { timings } = server.rows.at(-1) ?? {};
    expect(timings?.prefillMs).toBeGreaterThanOrEqual(25);
    expect(timings?.decodeMs).toBeGreaterThanOrEqual(55);
  });
});

describe("streams", () => {
  test("a silent stream pings", async () => {
    server.engine.play(async function* () {
      yield start;
      await goneOn;
      yield* textBlock(0, "x");
      yield end();
    });
    const { promise: goneOn, resolve: goOn } = Promise.withResolvers<void>();
    const reply = await post(server, "/v1/messages", { ...BODY, stream: true });
    let text = "";
    for await (const part of reply.body ?? []) {
      text += Buffer.from(part).toString();
      if (text.split("event: ping\n").length > 2) goOn();
    }
    expect(text.slice(0, text.indexOf("content_block_start"))).toMatch(/^event: message_start\n/);
    expect(text).toContain("message_stop");
  });

  test("a stream that cannot start yet is opened, pings, and then is whole; a refusal then is an event", async () => {
    const own = await startTestServer({ openAfterMs: 1, pingAfterMs: 20 });
    const { promise: loaded, resolve: load } = Promise.withResolvers<void>();
    own.engine.play(async function* () {
      await loaded;
      yield* HELLO;
    });
    const client = new Anthropic({ baseURL: own.url, apiKey: KEY, maxRetries: 0 });
    const stream = client.messages.stream({ model: BODY.model, max_tokens: 5, messages: [{ role: "user", content: "Hi" }] });
    // The reply is there while the engine still loads.
    const { response } = await stream.withResponse();
    expect(response.headers.get("anthropic-ratelimit-requests-limit")).toBe("1000");
    const raw = await post(own, "/v1/messages", { ...BODY, stream: true });
    const reader = raw.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toMatch(/^event: ping\n/);
    load();
    expect(await stream.finalText()).toBe("Hello");
    await reader?.cancel();
    own.engine.play(async function* (turn, signal) {
      await pause(30, signal);
      yield* failing(fail("invalid_request_error", { public: "prompt is too long" }))(turn, signal);
    });
    const refused = parseEvents(await (await post(own, "/v1/messages", { ...BODY, stream: true })).text());
    expect(refused.at(-1)).toMatchObject({ event: "error", data: { error: { message: "prompt is too long" } } });
    await own.close();
  });

  test("a client that leaves stops the engine, and the turn is recorded", async () => {
    const stopped = server.engine.stopped();
    server.engine.play(async function* (_turn, signal) {
      yield start;
      for (const event of textBlock(0, "a").slice(0, 2)) yield event;
      await pause(60_000, signal);
    });
    const leave = new AbortController();
    const reply = await post(server, "/v1/messages", { ...BODY, stream: true }, { signal: leave.signal });
    await reply.body?.getReader().read();
    leave.abort();
    await until(() => server.engine.stopped() === stopped + 1 && server.rows.at(-1)?.outcome === "client_closed");
    expect(server.rows.at(-1)?.usage.outputTokens).toBe(1);
  });

  test("the row is in the ledger before the client sees the end", async () => {
    const rows = server.rows.length;
    await (await post(server, "/v1/messages", { ...BODY, stream: true })).text();
    expect(server.rows.length).toBe(rows + 1);
    expect(server.rows.at(-1)).toMatchObject({
      outcome: null,
      stopReason: "end_turn",
      model: "claude-haiku-4-5-20251001",
      weights: "tiny",
      workspaceId: "wrkspc_1",
    });
  });

  test("a client that stops reading is cut off and holds no memory", async () => {
    const piece = "x".repeat(10_000);
    let produced = 0;
    server.engine.play(async function* () {
      yield start;
      yield { type: "block-start", index: 0, block: { type: "text" } };
      for (; produced < 20_000; produced++) yield { type: "text-delta", index: 0, text: piece };
      yield end();
    });
    const stopped = server.engine.stopped();
    const body = JSON.stringify({ ...BODY, stream: true });
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.pause();
    socket.write(`${head(Buffer.byteLength(body))}\r\n${body}`);
    await until(() => server.engine.stopped() === stopped + 1);
    // Kernel buffers and the lead of 1,024 events; the whole would be 20,000.
    expect(produced).toBeLessThan(4_000);
    socket.destroy();
  });
});

test("a body that comes slowly does not hold a server that closes", async () => {
  const own = await startTestServer();
  const socket = connect(own.port, "127.0.0.1");
  const closed = new Promise((resolve) => socket.once("close", resolve));
  let received = "";
  socket.on("data", (chunk) => (received += chunk.toString()));
  socket.on("error", () => {});
  socket.write(`${head(1_000)}\r\n{"model"`);
  await until(() => own.keysSeen() === 1);
  await own.close(20);
  await closed;
  expect(received).toContain("overloaded_error");
});

test("the limits are read once for a reply", async () => {
  const own = await startTestServer();
  await post(own, "/v1/messages", BODY);
  expect(own.limits).toMatchObject({ read: [], reserved: [{ modelClass: "haiku" }] });
  await post(own, "/v1/messages/count_tokens", { ...BODY, max_tokens: undefined });
  await get(own, "/v1/models");
  await post(own, "/v1/messages", { ...BODY, messages: [] });
  expect(own.limits.read).toEqual(["haiku", null, null]);
  await own.close();
});

test("a server that closes lets a stream finish, and ends one that takes too long with overloaded_error", async () => {
  const own = await startTestServer();
  own.engine.play(async function* (turn, signal) {
    yield start;
    await pause(turn.maxTokens, signal);
    yield* textBlock(0, "done");
    yield end();
  });
  const short = post(own, "/v1/messages", { ...BODY, stream: true, max_tokens: 100 });
  const long = post(own, "/v1/messages", { ...BODY, stream: true, max_tokens: 50_000 });
  const [shortReply, longReply] = await Promise.all([short, long]);
  const closed = own.close(1_000);
  expect(parseEvents(await shortReply.text()).at(-1)?.event).toBe("message_stop");
  expect(parseEvents(await longReply.text()).at(-1)).toMatchObject({
    event: "error",
    data: { error: { type: "overloaded_error" } },
  });
  await closed;
  expect(own.rows.map((row) => row.outcome)).toEqual([null, "overloaded_error"]);
  await expect(post(own, "/v1/messages", BODY)).rejects.toThrow("fetch failed");
});

test("a client that goes on sending behind its reply is cut off", async () => {
  const socket = connect(server.port, "127.0.0.1");
  let received = "";
  socket.on("data", (chunk) => (received += chunk.toString()));
  socket.on("error", () => {});
  socket.write("POST /x HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
  const sending = setInterval(() => socket.write("5\r\nhello\r\n"), 20);
  await new Promise((resolve) => socket.once("close", resolve));
  clearInterval(sending);
  expect(received).toMatch(/^HTTP\/1\.1 404 /);
});
