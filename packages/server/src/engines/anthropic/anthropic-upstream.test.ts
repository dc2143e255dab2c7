import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { end, HELLO, scripted, start, textBlock, thinkingBlock, toolBlock } from "../../doors/testing/scripted-engine.ts";
import { BODY, KEY, parseEvents, post, startTestServer, type TestServer, until } from "../../doors/testing/start-test-server.ts";
import { type PooledServer, startWithPools } from "../../../test/support/start-with-pools.ts";
import { type FakeUpstream, sendJson, sendSse, sse, startFakeUpstream } from "../upstream/testing/fake-upstream.ts";

const STREAM = { ...BODY, stream: true };
const MESSAGE = {
  id: "msg_upstream",
  type: "message",
  role: "assistant",
  model: "claude-haiku-4-5-20251001",
  content: [{ type: "text", text: "Hello", something_new: 1.0 }],
  stop_reason: "end_turn",
  usage: { input_tokens: 9, output_tokens: 3, cache_read_input_tokens: 4, cache_creation_input_tokens: 5 },
};
const EVENTS = [
  [
    "message_start",
    { type: "message_start", message: { ...MESSAGE, content: [], usage: { input_tokens: 9, output_tokens: 1 } } },
  ],
  ["content_block_start", { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }],
  ["ping", { type: "ping" }],
  ["content_block_delta", { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hello" } }],
  ["something_new", { type: "something_new", with: ["what", "we do not know"] }],
  ["content_block_stop", { type: "content_block_stop", index: 0 }],
  ["message_delta", { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 3 } }],
  ["message_stop", { type: "message_stop" }],
] as const;

let fake: FakeUpstream;
let server: PooledServer;
beforeAll(async () => {
  fake = await startFakeUpstream((outgoing) => sendJson(outgoing, 200, MESSAGE));
  const upstream = { kind: "anthropic", url: `${fake.url}/v1`, api_key_env: "TEST_KEY" };
  server = await startWithPools({
    models: { haiku: "asis", "claude-opus-4-8": "mapped" },
    upstreams: { one: upstream },
    pools: { asis: { targets: [{ upstream: "one" }] }, mapped: { targets: [{ upstream: "one", model: "their-name" }] } },
  });
});
afterAll(async () => {
  await server.close();
  await fake.close();
});
let rows = 0;
beforeEach(() => {
  rows = server.rows.length;
  fake.requests.length = 0;
});
const seen = () => fake.requests.at(-1);

describe("a request is passed on", () => {
  test("byte for byte, with the operator's key in place of the client's", async () => {
    fake.answer((outgoing) => sendJson(outgoing, 200, `  ${JSON.stringify(MESSAGE)}\n`));
    const body = `{"max_tokens":50,  "model":"claude-haiku-4-5","temperature":1.0,\n"messages":[{"role":"user","content":"Hi \\u00e9"}]}`;
    const headers = { "anthropic-beta": "some-beta-2030-01-01", "x-claude-code-session-id": "s1", cookie: "a=b" };
    const reply = await post(server, "/v1/messages?beta=true", body, { headers });
    expect(await reply.text()).toBe(`  ${JSON.stringify(MESSAGE)}\n`);
    expect(seen()).toMatchObject({ body, path: "/v1/messages?beta=true" });
    expect(seen()?.headers).toMatchObject({
      "x-api-key": "sk-of-the-operator",
      "anthropic-version": "2023-06-01",
      "anthropic-beta": "some-beta-2030-01-01",
      "x-claude-code-session-id": "s1",
    });
    expect(JSON.stringify(seen()?.headers)).not.toContain(KEY);
    expect(seen()?.headers).not.toHaveProperty("cookie");
    expect(reply.headers.get("request-id")).toMatch(/^req_/);
  });

  test("and its events come back as they are, known or not", async () => {
    fake.answer((outgoing) => sendSse(outgoing, sse(EVENTS)));
    const text = await (await post(server, "/v1/messages", STREAM)).text();
    expect(text.replace(/^: .*\n\n/gm, "")).toBe(sse(EVENTS));
  });

  test("under another name of the model: only that is changed, there and back", async () => {
    fake.answer((outgoing) => sendJson(outgoing, 200, { ...MESSAGE, model: "their-name" }));
    const whole = await (await post(server, "/v1/messages", { ...BODY, model: "claude-opus-4-8" })).json();
    expect(JSON.parse(seen()?.body ?? "")).toEqual({ ...BODY, model: "their-name" });
    expect(whole).toEqual({ ...MESSAGE, model: "claude-opus-4-8" });
    fake.answer((outgoing) => sendSse(outgoing, sse(EVENTS)));
    const events = parseEvents(await (await post(server, "/v1/messages", { ...STREAM, model: "claude-opus-4-8" })).text());
    expect(events[0]?.data).toMatchObject({ message: { model: "claude-opus-4-8" } });
  });

  test("for counting, too", async () => {
    fake.answer((outgoing) => sendJson(outgoing, 200, { input_tokens: 14, context_management: { original_input_tokens: 20 } }));
    const { max_tokens: _, ...body } = BODY;
    const reply = await post(server, "/v1/messages/count_tokens", body);
    expect(await reply.json()).toEqual({ input_tokens: 14, context_management: { original_input_tokens: 20 } });
    expect(seen()?.path).toBe("/v1/messages/count_tokens");
  });

  test("that came in at a cloud's door, with the betas of its body as the header, and without a header where it names none", async () => {
    fake.answer((outgoing) => sendJson(outgoing, 200, MESSAGE));
    const { model: _, ...rest } = BODY;
    const path = "/v1/projects/p/locations/global/publishers/anthropic/models/claude-haiku-4-5@20251001:rawPredict";
    const body = { ...rest, anthropic_version: "vertex-2023-10-16" };
    await post(server, path, { ...body, anthropic_beta: ["one-2030-01-01", "two-2030-01-01"] });
    expect(seen()?.headers).toMatchObject({ "anthropic-beta": "one-2030-01-01,two-2030-01-01" });
    expect((await post(server, path, body)).status).toBe(200);
    expect(seen()?.headers).not.toHaveProperty("anthropic-beta");
  });

  test("of the legacy completions is refused by name", async () => {
    const reply = await post(server, "/v1/complete", {
      model: "asis",
      prompt: "\n\nHuman: Hi\n\nAssistant:",
      max_tokens_to_sample: 5,
    });
    expect(reply.status).toBe(400);
    expect(await reply.text()).toContain("/v1/complete");
  });
});

describe("what an upstream used is accounted", () => {
  test.each([
    ["whole", BODY, () => fake.answer((outgoing) => sendJson(outgoing, 200, MESSAGE))],
    ["streamed", STREAM, () => fake.answer((outgoing) => sendSse(outgoing, sse(EVENTS)))],
  ])("on the ledger before the client sees the end, %s", async (how, body, play) => {
    play();
    const settled = server.limits.settled;
    await (await post(server, "/v1/messages", body)).text();
    expect(server.rows.slice(rows)).toMatchObject([
      {
        messageId: "msg_upstream",
        model: "claude-haiku-4-5-20251001",
        weights: "asis",
        outcome: null,
        stopReason: "end_turn",
        usage: {
          inputTokens: 9,
          outputTokens: 3,
          ...(how === "whole" ? { cacheReadTokens: 4, cacheWrite5mTokens: 5 } : { cacheReadTokens: 0 }),
        },
      },
    ]);
    expect(server.limits.settled).toBe(settled + 1);
    expect(server.limits.reserved.at(-1)).toMatchObject({ outputTokens: 100 });
  });

  test("also where the client leaves: the upstream is told to stop, and what it wrote counts", async () => {
    const left = fake.left();
    fake.answer((outgoing) => sendSse(outgoing, sse(EVENTS.slice(0, 4)), { open: true }));
    const leave = new AbortController();
    const reply = await post(server, "/v1/messages", STREAM, { signal: leave.signal });
    const reader = reply.body?.getReader();
    let text = "";
    while (!text.includes("Hello")) text += Buffer.from((await reader?.read())?.value ?? []).toString();
    leave.abort();
    await until(() => fake.left() === left + 1 && server.rows.length === rows + 1);
    expect(server.rows.at(-1)).toMatchObject({ outcome: "client_closed", usage: { inputTokens: 9, outputTokens: 2 } });
  });

  test("also of a reply that is not streamed: it is read to its end, unless the operator wants it stopped", async () => {
    for (const finishes of [true, false]) {
      const alone = await startWithPools({
        models: { haiku: "asis" },
        upstreams: { one: { kind: "anthropic", url: fake.url, finish_left_replies: finishes } },
        pools: { asis: { targets: [{ upstream: "one" }] } },
      });
      const arrived = Promise.withResolvers<() => void>();
      fake.answer((outgoing) => arrived.resolve(() => sendJson(outgoing, 200, MESSAGE)));
      const left = fake.left();
      const leave = new AbortController();
      const reply = post(alone, "/v1/messages", BODY, { signal: leave.signal });
      reply.catch(() => {});
      const finish = await arrived.promise;
      leave.abort();
      await until(() => alone.failures.some(({ type }) => type === "client_closed"));
      expect(alone.rows).toEqual([]);
      if (finishes) finish();
      await until(() => alone.limits.settled + alone.limits.released === 1);
      await until(() => fake.left() - left === (finishes ? 0 : 1));
      expect(
        alone.rows.map(({ outcome, messageId, usage }) => [outcome, messageId, usage.inputTokens, usage.outputTokens]),
      ).toEqual(finishes ? [["client_closed", "msg_upstream", 9, 3]] : []);
      await alone.close();
    }
  });

  test("but names that the ledger could not keep are not taken over", async () => {
    fake.answer((outgoing) => sendJson(outgoing, 200, { ...MESSAGE, id: "msg\u0000", stop_reason: "end\ud800" }));
    expect((await post(server, "/v1/messages", BODY)).status).toBe(200);
    expect(server.rows.at(-1)).toMatchObject({ messageId: expect.stringMatching(/^msg_[\w]+$/), stopReason: "end_turn" });
  });

  test("but counts that are none are not believed, and nobody pays for more than was asked for", async () => {
    const usage = { input_tokens: -4, output_tokens: 1e12, cache_read_input_tokens: "many", cache_creation_input_tokens: null };
    fake.answer((outgoing) => sendJson(outgoing, 200, { ...MESSAGE, usage }));
    expect((await post(server, "/v1/messages", BODY)).status).toBe(200);
    fake.answer((outgoing) => sendJson(outgoing, 200, { ...MESSAGE, usage: { input_tokens: 9, output_tokens: 101 } }));
    expect((await post(server, "/v1/messages", BODY)).status).toBe(200);
    expect(server.rows.slice(rows).map(({ usage: told }) => [told.inputTokens, told.cacheReadTokens, told.outputTokens])).toEqual(
      [
        [0, 0, 0],
        [9, 0, 100],
      ],
    );
  });

  test("once under an Idempotency-Key, whose replay is the upstream's own bytes", async () => {
    for (const [body, text, play] of [
      [BODY, JSON.stringify(MESSAGE), () => fake.answer((outgoing) => sendJson(outgoing, 200, MESSAGE))],
      [STREAM, sse(EVENTS), () => fake.answer((outgoing) => sendSse(outgoing, sse(EVENTS)))],
    ] as const) {
      play();
      const headers = { "idempotency-key": text.slice(0, 40).replace(/\s/g, "") };
      await (await post(server, "/v1/messages", body, { headers })).text();
      expect(await (await post(server, "/v1/messages", body, { headers })).text()).toBe(text);
    }
    expect([fake.requests.length, server.rows.length - rows]).toEqual([2, 2]);
  });
});

describe("an upstream's error", () => {
  const envelope = (type: string, message: string) => ({ type: "error", error: { type, message }, request_id: "req_theirs" });

  test.each([
    [400, "invalid_request_error", "messages.0: bad", {}, 400, "invalid_request_error", "messages.0: bad", null],
    [413, "request_too_large", "too big", {}, 413, "request_too_large", "too big", null],
    [404, "not_found_error", "file: gone", {}, 404, "not_found_error", "file: gone", null],
    [401, "authentication_error", "invalid x-api-key", {}, 500, "api_error", "refuses this server", null],
    [400, "invalid_request_error", "Your credit balance is too low", {}, 500, "api_error", "refuses this server", null],
    [400, "invalid_request_error", "This organization has been disabled.", {}, 500, "api_error", "refuses this server", null],
    // What a client has written is no word about the operator.
    [400, "invalid_request_error", "x: 'credit balance'", {}, 400, "invalid_request_error", "x: 'credit balance'", null],
    [404, "not_found_error", "model: claude-x", {}, 404, "not_found_error", "model: claude-x", null],
    [429, "rate_limit_error", "org-of-the-operator", { "retry-after": "17" }, 429, "rate_limit_error", "at its rate limit", "17"],
    [529, "overloaded_error", "Overloaded", { "retry-after": "4" }, 529, "overloaded_error", "is overloaded", "4"],
    [500, "api_error", "trace: /home/x", {}, 500, "api_error", "cannot be used", null],
    [503, "not json", "", {}, 529, "overloaded_error", "is overloaded", "5"],
  ])("%s %s %j is the client's as it should be", async (status, type, message, headers, ours, ourType, text, again) => {
    // A server of its own: an upstream that refuses its operator is paused.
    const alone = await startWithPools({
      models: { haiku: "asis" },
      upstreams: { one: { kind: "anthropic", url: fake.url } },
      pools: { asis: { targets: [{ upstream: "one" }] } },
    });
    for (const body of [BODY, STREAM].slice(0, status === 400 && ours === 400 ? 2 : 1)) {
      fake.answer((outgoing) => sendJson(outgoing, status, type === "not json" ? "<html>" : envelope(type, message), headers));
      const reply = await post(alone, "/v1/messages", body);
      const json = (await reply.json()) as { error: { type: string; message: string }; request_id: string };
      expect([reply.status, json.error.type, reply.headers.get("retry-after")]).toEqual([ours, ourType, again]);
      expect(json.error.message).toContain(text);
      expect(json.request_id).toBe(reply.headers.get("request-id"));
      const isTheirs = ours < 429;
      expect(JSON.stringify(json).includes(message === "" ? "<html>" : message)).toBe(isTheirs);
    }
    expect(alone.rows).toEqual([]);
    await alone.close();
  });

  test("of a model that its operator has named is the operator's, and of one that a client has named pauses nothing", async () => {
    fake.answer((outgoing) => sendJson(outgoing, 404, envelope("not_found_error", "model: theirs")));
    const both = await startWithPools({
      models: { haiku: "asis", sonnet: "named" },
      upstreams: { one: { kind: "anthropic", url: fake.url } },
      pools: { asis: { targets: [{ upstream: "one" }] }, named: { targets: [{ upstream: "one", model: "theirs" }] } },
    });
    for (let n = 0; n < 5; n += 1) expect((await post(both, "/v1/messages", BODY)).status).toBe(404);
    expect(both.router.status()).toMatchObject([{ isUp: true, fault: null }]);
    const reply = await post(both, "/v1/messages", { ...BODY, model: "claude-sonnet-4-5" });
    expect([reply.status, await reply.json()]).toMatchObject([500, { error: { type: "api_error" } }]);
    await both.close();
  });
});

describe("a faulty upstream", () => {
  const faults: readonly (readonly [string, () => void, string])[] = [
    ["hangs before its head", () => fake.answer(() => {}), "timeout_error"],
    ["hangs before its first event", () => fake.answer((outgoing) => sendSse(outgoing, "", { open: true })), "timeout_error"],
    [
      "hangs in mid-stream",
      () => fake.answer((outgoing) => sendSse(outgoing, sse(EVENTS.slice(0, 4)), { open: true })),
      "timeout_error",
    ],
    ["ends in mid-stream", () => fake.answer((outgoing) => sendSse(outgoing, sse(EVENTS.slice(0, 4)))), "overloaded_error"],
    ["sends half an event", () => fake.answer((outgoing) => sendSse(outgoing, sse(EVENTS).slice(0, -20))), "overloaded_error"],
    [
      "sends wrong JSON",
      () => fake.answer((outgoing) => sendSse(outgoing, sse([...EVENTS.slice(0, 2), ["x", "{oops"]]))),
      "api_error",
    ],
    ["stops without a reason", () => fake.answer((outgoing) => sendSse(outgoing, sse([EVENTS[0], EVENTS[7]]))), "api_error"],
    ["begins in the middle", () => fake.answer((outgoing) => sendSse(outgoing, sse(EVENTS.slice(1)))), "api_error"],
    [
      "says an error in its stream",
      () =>
        fake.answer((outgoing) =>
          sendSse(
            outgoing,
            sse([...EVENTS.slice(0, 2), ["error", { type: "error", error: { type: "overloaded_error", message: "secret" } }]]),
          ),
        ),
      "overloaded_error",
    ],
    [
      "resets the connection",
      () =>
        fake.answer((outgoing) => {
          sendSse(outgoing, sse(EVENTS.slice(0, 3)), { open: true });
          setImmediate(() => outgoing.socket?.resetAndDestroy());
        }),
      "overloaded_error",
    ],
  ];

  test.each(faults)("that %s ends the client's stream with an error", async (_name, play, type) => {
    const alone = await startWithPools({
      models: { haiku: "asis" },
      // Only what hangs is waited for so shortly: a busy machine may keep the rest for as long.
      upstreams: { one: { kind: "anthropic", url: fake.url, silence_seconds: type === "timeout_error" ? 0.3 : 30 } },
      pools: { asis: { targets: [{ upstream: "one" }] } },
    });
    play();
    const reply = await post(alone, "/v1/messages", STREAM);
    const text = await reply.text();
    const error = reply.status === 200 ? parseEvents(text).at(-1)?.data : (JSON.parse(text) as Record<string, unknown>);
    expect(error).toMatchObject({ type: "error", error: { type } });
    expect(text).not.toContain("secret");
    expect(alone.rows.map(({ outcome }) => outcome)).toEqual(reply.status === 200 ? [type] : []);
    await alone.close();
  });

  test("that drips is waited for while it says something, event by event", async () => {
    const dripping = await startWithPools({
      models: { haiku: "asis" },
      upstreams: { one: { kind: "anthropic", url: fake.url, silence_seconds: 1.5 } },
      pools: { asis: { targets: [{ upstream: "one" }] } },
    });
    const text = sse(EVENTS);
    const pieces = Array.from({ length: 12 }, (_, index) =>
      text.slice((text.length * index) / 12, (text.length * (index + 1)) / 12),
    );
    fake.answer((outgoing) => {
      sendSse(outgoing, "", { open: true });
      const drip = (): void => {
        const piece = pieces.shift();
        if (piece === undefined) return void outgoing.end();
        outgoing.write(piece);
        setTimeout(drip, 150);
      };
      drip();
    });
    expect((await (await post(dripping, "/v1/messages", STREAM)).text()).replace(/^: .*\n\n/gm, "")).toBe(text);
    await dripping.close();
  });

  test("that fails at TLS is one that cannot be reached", async () => {
    const alone = await startWithPools({
      models: { haiku: "asis" },
      upstreams: { one: { kind: "anthropic", url: fake.url.replace("http:", "https:") } },
      pools: { asis: { targets: [{ upstream: "one" }] } },
    });
    const reply = await post(alone, "/v1/messages", BODY);
    expect([reply.status, Number(reply.headers.get("retry-after")) > 0]).toEqual([529, true]);
    expect(await reply.json()).toMatchObject({ error: { type: "overloaded_error" } });
    expect(alone.rows).toEqual([]);
    await alone.close();
  });

  test("a storm of its 429s is let through to nobody: after the first it is left alone for as long as it said", async () => {
    const storm = await startWithPools({
      models: { haiku: "asis" },
      upstreams: { one: { kind: "anthropic", url: fake.url } },
      pools: { asis: { targets: [{ upstream: "one" }] } },
    });
    const limited = { type: "error", error: { type: "rate_limit_error", message: "slow down" } };
    fake.answer((outgoing) => sendJson(outgoing, 429, limited, { "retry-after": "30" }));
    expect((await post(storm, "/v1/messages", BODY)).status).toBe(429);
    const asked = fake.requests.length;
    for (const reply of await Promise.all(Array.from({ length: 20 }, () => post(storm, "/v1/messages", BODY)))) {
      const seconds = Number(reply.headers.get("retry-after"));
      expect([reply.status, seconds > 20 && seconds <= 30]).toEqual([529, true]);
    }
    expect(fake.requests.length).toBe(asked);
    await storm.close();
  });

  test.each([
    ["an error inside", { type: "error", error: { type: "invalid_request_error", message: "no" } }, 400],
    ["no JSON", "<html>", 500],
    ["no message", { type: "completion" }, 500],
  ])("whose 200 holds %s is not believed", async (_name, body, status) => {
    const alone = await startWithPools({
      models: { haiku: "asis" },
      upstreams: { one: { kind: "anthropic", url: fake.url } },
      pools: { asis: { targets: [{ upstream: "one" }] } },
    });
    fake.answer((outgoing) => sendJson(outgoing, 200, body));
    expect((await post(alone, "/v1/messages", BODY)).status).toBe(status);
    expect(alone.rows).toEqual([]);
    await alone.close();
  });
});

describe("with another Parley as the upstream", () => {
  let far: TestServer;
  let near: PooledServer;
  beforeAll(async () => {
    far = await startTestServer();
    near = await startWithPools({
      models: { haiku: "far" },
      upstreams: { far: { kind: "anthropic", url: far.url, api_key: KEY, auth: "bearer" } },
      pools: { far: { targets: [{ upstream: "far" }] } },
    });
  });
  afterAll(async () => {
    await near.close();
    await far.close();
  });

  test("the official SDK accumulates through both what it accumulates from one", async () => {
    far.engine.play(
      scripted([
        start,
        ...thinkingBlock(0, "sig", "Hm"),
        ...textBlock(1, "Hel", "lo"),
        ...toolBlock(2, "f", '{"a":1}'),
        end({ stopReason: "tool_use" }),
      ]),
    );
    const params = {
      model: "claude-haiku-4-5",
      max_tokens: 2000,
      thinking: { type: "enabled", budget_tokens: 1024 } as const,
      tools: [{ name: "f", input_schema: { type: "object" } as const }],
      messages: [{ role: "user", content: "Hi" } as const],
    };
    const ask = async ({ url }: { readonly url: string }) => {
      const { id: _id, ...rest } = await new Anthropic({ baseURL: url, apiKey: KEY, maxRetries: 0 }).messages
        .stream(params)
        .finalMessage();
      return rest;
    };
    expect(await ask(near)).toEqual(await ask(far));
    expect(near.rows.at(-1)?.usage).toMatchObject({ inputTokens: 11, outputTokens: 5 });
    far.engine.play(scripted(HELLO));
    const one = new Anthropic({ baseURL: near.url, apiKey: KEY, maxRetries: 0 });
    expect((await one.messages.create({ ...params, thinking: { type: "disabled" } })).content).toMatchObject([{ text: "Hello" }]);
    expect(await one.messages.countTokens({ model: params.model, messages: params.messages })).toMatchObject({
      input_tokens: 23,
    });
  });
});
