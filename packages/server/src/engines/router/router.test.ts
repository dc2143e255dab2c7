import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { BODY, get, parseEvents, post, until } from "../../doors/testing/start-test-server.ts";
import { type FakeUpstream, MESSAGE, sendJson, sendSse, sse, startFakeUpstream } from "../upstream/testing/fake-upstream.ts";
import { chooseTarget, hashOfName } from "./choose-target.ts";
import { createTargetHealth } from "./target-health.ts";
import { type PooledServer, startWithPools } from "../../../test/support/start-with-pools.ts";

const overloaded = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };

let one: FakeUpstream;
let two: FakeUpstream;
let server: PooledServer;
beforeAll(async () => {
  [one, two] = await Promise.all([startFakeUpstream(() => {}), startFakeUpstream(() => {})]);
});
afterAll(() => Promise.all([one.close(), two.close()]));
beforeEach(async () => {
  for (const each of [one, two]) {
    each.requests.length = 0;
    each.answer((outgoing) => sendJson(outgoing, 200, MESSAGE));
    each.probe((outgoing) => void outgoing.end("{}"));
  }
  server = await startWithPools({
    models: { haiku: "pair", sonnet: "first", opus: "chat" },
    upstreams: {
      // Longer than a busy machine makes anybody wait.
      one: { kind: "anthropic", url: one.url, silence_seconds: 1.5, reply_seconds: 1.5 },
      two: { kind: "anthropic", url: two.url },
      nobody: { kind: "anthropic", url: "http://127.0.0.1:1" },
      chat: { kind: "chat-completions", url: "http://127.0.0.1:1" },
    },
    pools: {
      pair: { targets: [{ upstream: "one" }, { upstream: "two" }] },
      first: { targets: [{ upstream: "one" }], fallbacks: ["second"] },
      second: { targets: [{ upstream: "two", model: "other" }] },
      alone: { targets: [{ upstream: "nobody" }] },
      chat: { targets: [{ upstream: "chat" }], fallbacks: ["tiny"] },
    },
  });
});
afterEach(() => server.close());
const counts = () => [one.requests.length, two.requests.length];

/** Bodies whose home is one target or the other, as the first requests show. */
async function bodyAt(upstream: FakeUpstream) {
  for (let n = 0; ; n += 1) {
    const before = upstream.requests.length;
    const body = { ...BODY, messages: [{ role: "user", content: `Hi ${n}` }] };
    await (await post(server, "/v1/messages", body)).text();
    if (upstream.requests.length > before) return body;
  }
}

test("a conversation stays where its prefix is, and others go elsewhere", async () => {
  const body = await bodyAt(one);
  const [before] = counts();
  for (const reply of ["a", "b", "c"]) {
    body.messages.push({ role: "assistant", content: reply }, { role: "user", content: reply });
    await (await post(server, "/v1/messages", body)).text();
  }
  expect(one.requests.length).toBe((before ?? 0) + 3);
  await bodyAt(two);
});

test("a failure before the first byte is tried on the other target, and the client sees none of it", async () => {
  const body = await bodyAt(one);
  for (const fault of [
    () => one.answer((outgoing) => sendJson(outgoing, 529, overloaded)),
    () => one.answer(() => {}),
    () => one.answer((outgoing) => outgoing.socket?.resetAndDestroy()),
  ]) {
    fault();
    const [, before] = counts();
    const reply = await post(server, "/v1/messages", body);
    expect([reply.status, await reply.json()]).toEqual([200, MESSAGE]);
    expect(two.requests.length).toBe((before ?? 0) + 1);
  }
  const exposed = await (await get(server, "/metrics", { key: null })).text();
  expect(exposed).toContain('parley_upstream_retries_total{upstream="two",fault="overloaded"} 1');
  expect(exposed).toContain('parley_upstream_turns_total{upstream="one",outcome="silent"} 1');
  expect(exposed).toMatch(/parley_upstream_up\{upstream="(one|two)"\} 1/);
  expect(server.rows.every(({ outcome }) => outcome === null)).toBe(true);
});

test("after the first byte nothing is tried again", async () => {
  const body = await bodyAt(one);
  const started = sse([["message_start", { type: "message_start", message: { ...MESSAGE, content: [] } }]]);
  one.answer((outgoing) => sendSse(outgoing, started));
  const [, before] = counts();
  const events = parseEvents(await (await post(server, "/v1/messages", { ...body, stream: true })).text());
  expect(events.map(({ event }) => event)).toEqual(["message_start", "error"]);
  expect(two.requests.length).toBe(before);
});

test("what is wrong with a request is not tried again", async () => {
  const body = await bodyAt(one);
  one.answer((outgoing) => sendJson(outgoing, 400, { type: "error", error: { type: "invalid_request_error", message: "bad" } }));
  const [, before] = counts();
  expect((await post(server, "/v1/messages", body)).status).toBe(400);
  expect(two.requests.length).toBe(before);
});

test("another pool answers when none of a pool's targets can, and the reply says so", async () => {
  one.answer((outgoing) => sendJson(outgoing, 529, overloaded));
  const reply = await post(server, "/v1/messages", { ...BODY, model: "claude-sonnet-4-5" });
  expect([reply.status, reply.headers.get("parley-fallback")]).toEqual([200, "second"]);
  expect(await reply.json()).toMatchObject({ model: "theirs" });
  expect(JSON.parse(two.requests[0]?.body ?? "")).toMatchObject({ model: "other" });
  expect(server.rows).toMatchObject([{ model: "claude-sonnet-4-5-20250929", weights: "first" }]);
});

test("local weights answer for a pool of translated requests, under their own name", async () => {
  const reply = await post(server, "/v1/messages", { ...BODY, model: "claude-opus-4-8", stream: true });
  expect([reply.status, reply.headers.get("parley-fallback")]).toEqual([200, "tiny"]);
  const events = parseEvents(await reply.text());
  expect(events[0]?.data).toMatchObject({ message: { model: "tiny" } });
  expect(server.local.turns.at(-1)).toMatchObject({ weights: "tiny" });
  expect(events.at(-1)?.event).toBe("message_stop");
});

test("where nobody is left, 529 says when to come again, and nobody is asked meanwhile", async () => {
  const first = await post(server, "/v1/messages", { ...BODY, model: "alone" });
  expect(first.status).toBe(529);
  const seconds = Number(first.headers.get("retry-after"));
  expect(seconds).toBeGreaterThanOrEqual(1);
  expect(seconds).toBeLessThanOrEqual(60);
  one.answer((outgoing) =>
    sendJson(outgoing, 429, { type: "error", error: { type: "rate_limit_error", message: "x" } }, { "retry-after": "33" }),
  );
  two.answer((outgoing) => sendJson(outgoing, 529, overloaded, { "retry-after": "44" }));
  await (await post(server, "/v1/messages", BODY)).text();
  const before = counts();
  const next = await post(server, "/v1/messages", BODY);
  expect(next.status).toBe(529);
  expect(Number(next.headers.get("retry-after"))).toBeGreaterThanOrEqual(30);
  expect(Number(next.headers.get("retry-after"))).toBeLessThanOrEqual(33);
  expect(counts()).toEqual(before);
});

test("where an upstream at its limit says nothing of when, clients are told to come back when its pause is over", async () => {
  const limited = { type: "error", error: { type: "rate_limit_error", message: "x" } };
  for (const each of [one, two]) each.answer((outgoing) => sendJson(outgoing, 429, limited));
  const refused = await post(server, "/v1/messages", BODY);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "5"]);
  expect(Math.max(...server.router.status().map(({ pausedForMs }) => pausedForMs ?? 0))).toBeLessThanOrEqual(5_000);
});

test("an upstream that wants to be left alone is left alone, whatever turns of it still end well", async () => {
  const routes = { upstreams: { one: { kind: "anthropic", url: one.url } }, pools: { only: { targets: [{ upstream: "one" }] } } };
  server.change({ models: { haiku: "only" }, ...routes });
  const held = heldBack(one);
  const first = ask();
  await until(() => held.length === 1);
  const limited = { type: "error", error: { type: "rate_limit_error", message: "x" } };
  one.answer((outgoing) => sendJson(outgoing, 429, limited, { "retry-after": "30" }));
  expect((await ask()).status).toBe(429);
  held[0]?.();
  expect((await first).status).toBe(200);
  const [before] = counts();
  expect((await ask()).status).toBe(529);
  expect(counts()[0]).toBe(before);
});

test.each([
  ["limits it", 429, { type: "error", error: { type: "rate_limit_error", message: "This would exceed your rate limit." } }, 429],
  ["does not know it", 404, "<html>Not Found</html>", 500],
  ["fails at it", 500, { type: "error", error: { type: "api_error", message: "Internal server error" } }, 500],
])("who asks an upstream to count that %s pauses nobody's turns", async (_what, status, told, expected) => {
  one.answer((outgoing) => sendJson(outgoing, status, told));
  const { max_tokens: _, ...body } = { ...BODY, model: "claude-sonnet-4-5" };
  for (let n = 0; n < 4; n += 1) expect((await post(server, "/v1/messages/count_tokens", body)).status).toBe(expected);
  expect(server.router.status()[0]).toMatchObject({ upstream: "one", isUp: true, fault: null });
});

test("an upstream that was away is used again once a probe has found it", async () => {
  const body = await bodyAt(one);
  one.probe((outgoing) => sendJson(outgoing, 500, "{}"));
  one.answer((outgoing) => outgoing.socket?.resetAndDestroy());
  await (await post(server, "/v1/messages", body)).text();
  expect(server.router.status().find(({ upstream }) => upstream === "one")?.isUp).toBe(false);
  one.probe((outgoing) => void outgoing.end("{}"));
  one.answer((outgoing) => sendJson(outgoing, 200, MESSAGE));
  await until(() => server.router.status().find(({ upstream }) => upstream === "one")?.isUp === true, 15_000);
  const [before] = counts();
  await (await post(server, "/v1/messages", body)).text();
  expect(one.requests.length).toBe((before ?? 0) + 1);
}, 20_000);

/** An upstream's reply that ends when the test says so. */
function heldBack(upstream: FakeUpstream) {
  const held: (() => void)[] = [];
  upstream.answer((outgoing) => void held.push(() => sendJson(outgoing, 200, MESSAGE)));
  return held;
}
const ask = (over: object = {}, options: object = {}) => post(server, "/v1/messages", { ...BODY, ...over }, options);
const queued = (pool: string) => server.router.queues().find((each) => each.pool === pool)?.queuedTurns;

describe("places", () => {
  test("what an upstream has no place for waits its turn, and goes elsewhere when that has one", async () => {
    server.change({
      models: { haiku: "pair" },
      upstreams: { one: { kind: "anthropic", url: one.url, turns: 1 }, two: { kind: "anthropic", url: two.url, turns: 1 } },
      pools: { pair: { targets: [{ upstream: "one" }, { upstream: "two" }], queue_turns: 1 } },
    });
    const [atOne, atTwo] = [heldBack(one), heldBack(two)];
    // One body is at home at one place: the second turn takes the other.
    const replies = [ask()];
    await until(() => atOne.length + atTwo.length === 1);
    replies.push(ask());
    await until(() => atOne.length === 1 && atTwo.length === 1);
    replies.push(ask());
    await until(() => queued("pair") === 1);
    const refused = await ask();
    expect([refused.status, ((await refused.json()) as { error: object }).error]).toEqual([
      529,
      { type: "overloaded_error", message: "Too many turns wait for this model. Try again later." },
    ]);
    // Two places, turns of about five seconds as far as is known, and two of them before it.
    expect(refused.headers.get("retry-after")).toBe("5");
    const exposed = await (await get(server, "/metrics", { key: null })).text();
    expect(exposed).toContain('parley_pool_queued{pool="pair"} 1');
    expect(exposed).toContain('parley_upstream_turns_running{upstream="one"} 1');
    atTwo[0]?.();
    await until(() => atTwo.length === 2);
    expect(queued("pair")).toBe(0);
    atOne[0]?.();
    atTwo[1]?.();
    expect((await Promise.all(replies)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  test("turns that failed at once do not make believe that others end as soon", async () => {
    server.change({
      models: { haiku: "narrow" },
      upstreams: { one: { kind: "anthropic", url: one.url, turns: 1 } },
      pools: { narrow: { targets: [{ upstream: "one" }], queue_turns: 0 } },
    });
    one.answer((outgoing) =>
      sendJson(outgoing, 400, { type: "error", error: { type: "invalid_request_error", message: "bad" } }),
    );
    for (let n = 0; n < 5; n += 1) expect((await ask()).status).toBe(400);
    const held = heldBack(one);
    const first = ask();
    await until(() => held.length === 1);
    const refused = await ask();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([529, "5"]);
    held[0]?.();
    expect((await first).status).toBe(200);
  });

  test("who waits longer than the pool lets wait gets 529, and who leaves waits no more", async () => {
    server.change({
      models: { haiku: "slow" },
      upstreams: { one: { kind: "anthropic", url: one.url, turns: 1 } },
      pools: { slow: { targets: [{ upstream: "one" }], queue_seconds: 0.2 } },
    });
    const held = heldBack(one);
    const first = ask();
    await until(() => held.length === 1);
    expect((await ask()).status).toBe(529);
    const leaving = new AbortController();
    const left = ask({}, { signal: leaving.signal }).catch(() => "left");
    await until(() => queued("slow") === 1);
    leaving.abort();
    expect(await left).toBe("left");
    await until(() => queued("slow") === 0);
    held[0]?.();
    expect((await first).status).toBe(200);
    expect(one.requests.length).toBe(1);
  });
});

describe("an upstream that is drained", () => {
  test("ends what it has and gets nothing new, and is home again when it is resumed", async () => {
    const body = await bodyAt(one);
    const held = heldBack(one);
    const first = ask(body);
    await until(() => held.length === 1);
    server.router.drain(new Set(["one"]));
    const [before] = counts();
    expect((await ask(body)).status).toBe(200);
    expect((await post(server, "/v1/messages/count_tokens", { model: body.model, messages: body.messages })).status).toBe(200);
    expect(counts()[0]).toBe(before);
    // It is well: probes go on, and nothing says that it failed.
    expect(server.router.status()).toMatchObject([{ upstream: "one", isUp: true, isDrained: true, runningTurns: 1 }, {}, {}, {}]);
    const exposed = await (await get(server, "/metrics", { key: null })).text();
    expect(exposed).toContain('parley_upstream_drained{upstream="one"} 1');
    expect(exposed).toContain('parley_upstream_drained{upstream="two"} 0');
    held[0]?.();
    expect((await first).status).toBe(200);
    // Also by routes that were read anew meanwhile, where it is another server.
    server.change({
      models: { haiku: "pair" },
      upstreams: { one: { kind: "anthropic", url: one.url, turns: 9 }, two: { kind: "anthropic", url: two.url } },
      pools: { pair: { targets: [{ upstream: "one" }, { upstream: "two" }] } },
    });
    expect((await ask(body)).status).toBe(200);
    expect(counts()[0]).toBe(before);
    one.answer((outgoing) => sendJson(outgoing, 200, MESSAGE));
    server.router.drain(new Set());
    expect((await ask(body)).status).toBe(200);
    expect(counts()[0]).toBe((before ?? 0) + 1);
  });

  test("is waited for no longer: fallbacks answer, else 529 says to come again", async () => {
    server.change({
      models: { haiku: "narrow", sonnet: "alone" },
      upstreams: { one: { kind: "anthropic", url: one.url, turns: 1 }, two: { kind: "anthropic", url: two.url } },
      pools: {
        narrow: { targets: [{ upstream: "one" }], fallbacks: ["other"] },
        other: { targets: [{ upstream: "two" }] },
        alone: { targets: [{ upstream: "one" }] },
      },
    });
    const held = heldBack(one);
    const first = ask();
    await until(() => held.length === 1);
    const waiting = ask();
    await until(() => queued("narrow") === 1);
    server.router.drain(new Set(["one"]));
    const moved = await waiting;
    expect([moved.status, moved.headers.get("parley-fallback")]).toEqual([200, "other"]);
    const refused = await ask({ model: "claude-sonnet-4-5" });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([529, "30"]);
    held[0]?.();
    expect((await first).status).toBe(200);
    expect(counts()).toEqual([1, 1]);
  });
});

describe("regions", () => {
  test("a turn for the United States goes to upstreams there only, and costs a tenth more", async () => {
    server.change({
      models: { opus: "both", haiku: "abroad" },
      upstreams: { one: { kind: "anthropic", url: one.url, geo: "us" }, two: { kind: "anthropic", url: two.url } },
      pools: {
        both: { targets: [{ upstream: "one" }, { upstream: "two" }] },
        abroad: { targets: [{ upstream: "two" }], fallbacks: ["both"] },
      },
    });
    const model = "claude-opus-4-8";
    for (let n = 0; n < 8; n += 1) {
      const messages = [{ role: "user", content: `Hi ${n}` }];
      expect((await ask({ model, messages, inference_geo: "us" })).status).toBe(200);
    }
    expect(counts()).toEqual([8, 0]);
    const [inUs, anywhere] = [server.rows[0], (await ask({ model }), server.rows.at(-1))];
    expect([inUs?.inferenceGeo, anywhere?.inferenceGeo]).toEqual(["us", "global"]);
    expect(inUs?.bill.cost.total).toBe(((anywhere?.bill.cost.total ?? 0n) * 11n) / 10n);
    // Its pool has nobody there, though another that it falls back to has.
    expect((await ask({ inference_geo: "us" })).status).toBe(400);
    const [, before] = counts();
    one.answer((outgoing) => sendJson(outgoing, 529, overloaded, { "retry-after": "30" }));
    expect((await ask({ model, inference_geo: "us" })).status).toBe(529);
    expect(counts()[1]).toBe(before);
  });
});

describe("new routes", () => {
  test("end no stream: it goes on where it is, and its upstream is left when it has ended", async () => {
    const start = sse([["message_start", { type: "message_start", message: { ...MESSAGE, content: [] } }]]);
    const rest = sse([
      [
        "message_delta",
        { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 3 } },
      ],
      ["message_stop", { type: "message_stop" }],
    ]);
    const routes = (url: string) => ({
      models: { haiku: "only" },
      upstreams: { it: { kind: "anthropic", url } },
      pools: { only: { targets: [{ upstream: "it" }] } },
    });
    server.change(routes(one.url));
    let finish = (): void => {};
    one.answer((outgoing) => {
      sendSse(outgoing, start, { open: true });
      finish = () => void outgoing.end(rest);
    });
    const reply = await ask({ stream: true });
    server.change(routes(two.url));
    expect((await ask()).status).toBe(200);
    expect(counts()).toEqual([1, 1]);
    finish();
    expect(parseEvents(await reply.text()).map(({ event }) => event)).toEqual(["message_start", "message_delta", "message_stop"]);
    expect(server.router.status().map(({ upstream, answeredAtMs }) => [upstream, answeredAtMs !== null])).toEqual([["it", true]]);
  });

  test("take along who waits, change the names that are served, and are refused as a whole", async () => {
    const routes = (turns: number, models: object) => ({
      models,
      upstreams: { one: { kind: "anthropic", url: one.url, turns }, two: { kind: "anthropic", url: two.url } },
      pools: { narrow: { targets: [{ upstream: "one" }] }, wide: { targets: [{ upstream: "two" }] } },
    });
    server.change(routes(1, { haiku: "narrow" }));
    const held = heldBack(one);
    const replies = [ask(), ask()];
    await until(() => held.length === 1 && queued("narrow") === 1);
    server.change(routes(2, { haiku: "wide" }));
    await until(() => held.length === 2);
    expect((await ask()).status).toBe(200);
    expect(two.requests.length).toBe(1);
    for (const finish of held) finish();
    expect((await Promise.all(replies)).map(({ status }) => status)).toEqual([200, 200]);
    const keyless = { two: { kind: "anthropic", url: two.url, api_key_env: "NOT_SET" } };
    expect(() =>
      server.change({ models: { haiku: "wide" }, upstreams: keyless, pools: { wide: { targets: [{ upstream: "two" }] } } }),
    ).toThrow("upstreams.two.api_key_env: NOT_SET is not set");
    expect((await ask()).status).toBe(200);
  });
});

describe("the choice of a target", () => {
  const targets = (...outstanding: number[]) =>
    outstanding.map((tokens, n) => ({
      name: `t${n}`,
      nameHash: hashOfName(`t${n}`),
      weight: n === 2 ? 2 : 1,
      outstanding: tokens,
    }));

  test("follows the weights, and a target that goes moves only its own", () => {
    const keys = Array.from({ length: 4_000 }, (_, n) => `k${n}`);
    const all = targets(0, 0, 0);
    const homes = keys.map((key) => chooseTarget(all, () => key)?.name);
    const share = (name: string) => homes.filter((home) => home === name).length / keys.length;
    expect(share("t0")).toBeGreaterThan(0.22);
    expect(share("t0")).toBeLessThan(0.28);
    expect(share("t2")).toBeGreaterThan(0.46);
    expect(share("t2")).toBeLessThan(0.54);
    const without = keys.map((key) => chooseTarget(all.slice(1), () => key)?.name);
    expect(keys.filter((_, n) => homes[n] !== "t0" && homes[n] !== without[n])).toEqual([]);
  });

  test("goes to the least busy one by weight where home is much busier", () => {
    const busy = targets(100_000, 30_000, 40_000);
    for (let n = 0; n < 50; n += 1) expect(chooseTarget(busy, () => `k${n}`)?.name).not.toBe("t0");
    expect(chooseTarget([], () => "k")).toBeNull();
  });
});

test("an upstream is paused after three failures in a row, longer each time, until a probe succeeds", () => {
  let nowMs = 1_000;
  const health = createTargetHealth({ monotonicMs: () => nowMs });
  health.failed("broken", undefined);
  health.failed("silent", undefined);
  health.succeeded();
  health.failed("broken", undefined);
  health.failed("request", undefined);
  expect([health.isSick(), health.pausedUntilMs()]).toEqual([false, 0]);
  for (const pauseMs of [2_000, 4_000, 8_000]) {
    for (let n = 0; n < 3; n += 1) health.failed("broken", undefined);
    expect([health.isSick(), health.pausedUntilMs()]).toEqual([true, nowMs + pauseMs]);
    nowMs += pauseMs + 1;
    // The pause is over, but nobody has seen that it is well.
    expect(health.pausedUntilMs()).toBeGreaterThan(0);
    health.failed("request", undefined);
  }
  health.succeeded();
  health.failed("limited", 3_000);
  expect([health.isSick(), health.pausedUntilMs()]).toEqual([false, nowMs + 3_000]);
  nowMs += 3_001;
  expect(health.pausedUntilMs()).toBe(0);
  // It said when to come back, and then it died: neither shortens the other.
  health.failed("overloaded", 30_000);
  health.failed("unreachable", undefined);
  expect([health.isSick(), health.pausedUntilMs()]).toEqual([true, nowMs + 30_000]);
  health.succeeded();
  expect([health.isSick(), health.pausedUntilMs()]).toEqual([false, nowMs + 30_000]);
});
