import type { ServerResponse } from "node:http";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { startWithPools } from "../../../test/support/start-with-pools.ts";
import { BODY, parseEvents, post, until } from "../../doors/testing/start-test-server.ts";
import { type FakeUpstream, MESSAGE, sendJson, sse, startFakeUpstream } from "../upstream/testing/fake-upstream.ts";
import { startFakeVllm } from "../vllm/testing/fake-vllm.ts";

const STREAM_HEAD = { "content-type": "text/event-stream" };
const START = sse([["message_start", { type: "message_start", message: { ...MESSAGE, content: [] } }]]);

const afterHead = (kill: (outgoing: ServerResponse) => void) => (outgoing: ServerResponse) => {
  outgoing.writeHead(200, STREAM_HEAD);
  outgoing.flushHeaders();
  setTimeout(() => kill(outgoing), 20);
};

/** How a server dies over a turn of which the client has seen nothing. */
const DEATHS: readonly (readonly [how: string, die: (outgoing: ServerResponse) => void])[] = [
  ["before its head", (outgoing) => outgoing.socket?.resetAndDestroy()],
  ["by a reset after its head", afterHead((outgoing) => outgoing.socket?.resetAndDestroy())],
  ["by closing after its head", afterHead((outgoing) => outgoing.socket?.destroy())],
  ["behind a proxy that ends its reply", afterHead((outgoing) => outgoing.end())],
  [
    "within its first event",
    (outgoing) => {
      outgoing.writeHead(200, STREAM_HEAD).write(START.slice(0, 40));
      setTimeout(() => outgoing.socket?.resetAndDestroy(), 20);
    },
  ],
];

let dying: FakeUpstream;
let well: FakeUpstream;
beforeAll(async () => {
  dying = await startFakeUpstream(() => {});
  well = await startFakeUpstream((outgoing) => sendJson(outgoing, 200, MESSAGE));
});
afterAll(() => Promise.all([dying.close(), well.close()]));

async function serve(targets: readonly string[], kind: "anthropic" | "chat-completions") {
  return startWithPools({
    models: { haiku: "pool" },
    upstreams: { dying: { kind, url: dying.url }, well: { kind, url: well.url } },
    pools: { pool: { targets: targets.map((upstream) => ({ upstream })) } },
  });
}

describe.each(["anthropic", "chat-completions"] as const)("an upstream of kind %s that dies", (kind) => {
  test.each(DEATHS)(
    "%s over a turn without a first byte, with no other left: 529 that says when to come again",
    async (_how, die) => {
      dying.answer(die);
      const server = await serve(["dying"], kind);
      for (const stream of [true, false]) {
        const reply = await post(server, "/v1/messages", { ...BODY, stream });
        expect([reply.status, await reply.json()]).toMatchObject([529, { type: "error", error: { type: "overloaded_error" } }]);
        const seconds = Number(reply.headers.get("retry-after"));
        expect(seconds).toBeGreaterThanOrEqual(1);
        expect(seconds).toBeLessThanOrEqual(60);
      }
      expect(server.rows).toEqual([]);
      await server.close();
    },
  );
});

test.each(DEATHS)("%s, with another left: that one answers", async (_how, die) => {
  dying.answer(die);
  const server = await serve(["dying", "well"], "anthropic");
  const before = dying.requests.length;
  // About half of them have their home at each.
  for (let n = 0; n < 8; n += 1) {
    const reply = await post(server, "/v1/messages", { ...BODY, messages: [{ role: "user", content: `Hi ${n}` }] });
    expect([reply.status, await reply.json()]).toEqual([200, MESSAGE]);
  }
  expect(dying.requests.length).toBeGreaterThan(before);
  await server.close();
});

test("a reply that is cut after its first byte ends with an overloaded_error event; one that is not streamed is a 529", async () => {
  dying.answer((outgoing, { body }) => {
    if (body.includes('"stream":true')) outgoing.writeHead(200, STREAM_HEAD).write(START);
    else outgoing.writeHead(200, { "content-type": "application/json" }).write(JSON.stringify(MESSAGE).slice(0, 30));
    setTimeout(() => outgoing.socket?.resetAndDestroy(), 20);
  });
  const server = await serve(["dying"], "anthropic");
  const streamed = await post(server, "/v1/messages", { ...BODY, stream: true });
  const events = parseEvents(await streamed.text());
  expect(events.map(({ event }) => event)).toEqual(["message_start", "error"]);
  expect(events[1]?.data).toMatchObject({ error: { type: "overloaded_error" } });
  const whole = await post(server, "/v1/messages", BODY);
  expect([whole.status, Number(whole.headers.get("retry-after"))]).toEqual([529, 1]);
  await server.close();
});

test("a token backend that takes no turn when it comes to decoding is made up for by another", async () => {
  const [full, free] = [await startFakeVllm(), await startFakeVllm()];
  onTestFinished(async () => {
    await Promise.all([full.close(), free.close()]);
  });
  const kind = "vllm";
  const server = await startWithPools({
    models: { haiku: "pool" },
    upstreams: { full: { kind, url: full.url }, free: { kind, url: free.url } },
    pools: { pool: { targets: [{ upstream: "full" }, { upstream: "free" }] } },
  });
  onTestFinished(() => server.close());
  await until(() => server.router.status().every(({ answeredAtMs }) => answeredAtMs !== null), 20_000);
  full.refuseStreams(503);
  const before = full.requests.length;
  for (let n = 0; n < 8; n += 1) {
    const stream = n % 2 === 0;
    const reply = await post(server, "/v1/messages", { ...BODY, stream, messages: [{ role: "user", content: `Hi ${n}` }] });
    expect(reply.status).toBe(200);
    const text = await reply.text();
    expect(text).toContain(stream ? "message_stop" : '"stop_reason"');
    expect(text).not.toContain("event: error");
  }
  expect(full.requests.length).toBeGreaterThan(before);
});
