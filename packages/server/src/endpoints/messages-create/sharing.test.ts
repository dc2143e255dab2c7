import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { end, HELLO, pause, scripted, start, textBlock } from "../../doors/testing/scripted-engine.ts";
import {
  BODY,
  get,
  OTHER_KEY,
  parseEvents,
  post,
  startTestServer,
  type TestServer,
  until,
} from "../../doors/testing/start-test-server.ts";
import { fail } from "../../platform/fail.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

let turns = 0;
let rows = 0;
beforeEach(() => {
  turns = server.engine.turns.length;
  rows = server.rows.length;
  server.engine.play(scripted(HELLO));
});
const begun = (): number => server.engine.turns.length - turns;
const STREAM = { ...BODY, stream: true };
const RETRY = { "x-stainless-retry-count": "1" };

/** A turn that waits in its middle until it is told to go on. */
function heldTurn(): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.engine.play(async function* (_turn, signal) {
    yield start;
    yield* textBlock(0, "Hel", "lo").slice(0, 2);
    await Promise.race([promise, pause(5_000, signal)]);
    yield* textBlock(0, "Hel", "lo").slice(2);
    yield end();
  });
  return resolve;
}

/** Requests that another's turn has answered, or will. */
async function joined(): Promise<number> {
  const text = await (await get(server, "/metrics", { key: null })).text();
  return Number(/^parley_turns_shared_total\{how="joined"\} (\d+)$/m.exec(text)?.[1] ?? 0);
}

const withoutComments = (text: string): string => text.replace(/^: .*\n\n/gm, "");

describe("a re-sent request", () => {
  test("joins the running turn and reads it from its beginning", async () => {
    const goOn = heldTurn();
    const first = await post(server, "/v1/messages", STREAM);
    const second = await post(server, "/v1/messages", STREAM, { headers: RETRY });
    goOn();
    const [one, two] = await Promise.all([first.text(), second.text()]);
    expect(parseEvents(two)).toEqual(parseEvents(one));
    expect(parseEvents(two)[0]?.event).toBe("message_start");
    expect(second.headers.get("request-id")).not.toBe(first.headers.get("request-id"));
    expect([begun(), server.rows.length - rows]).toEqual([1, 1]);
  });

  test("joins a turn that is not streamed too", async () => {
    const goOn = heldTurn();
    const first = post(server, "/v1/messages", BODY);
    await until(() => begun() === 1);
    const before = await joined();
    const second = post(server, "/v1/messages", BODY, { headers: RETRY });
    await expect.poll(joined).toBe(before + 1);
    goOn();
    expect(await (await second).json()).toEqual(await (await first).json());
    expect(begun()).toBe(1);
  });

  test("keeps the engine going when the first client leaves; the last one to leave stops it", async () => {
    heldTurn();
    const stopped = server.engine.stopped();
    const [leaveFirst, leaveSecond] = [new AbortController(), new AbortController()];
    await post(server, "/v1/messages", STREAM, { signal: leaveFirst.signal });
    await post(server, "/v1/messages", STREAM, { signal: leaveSecond.signal, headers: RETRY });
    leaveFirst.abort();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(server.engine.stopped()).toBe(stopped);
    leaveSecond.abort();
    await until(() => server.engine.stopped() === stopped + 1 && server.rows.length === rows + 1);
    expect(server.rows.at(-1)?.outcome).toBe("client_closed");
  });

  test("does not join another workspace's turn, another body, or a turn that has ended", async () => {
    const goOn = heldTurn();
    const first = await post(server, "/v1/messages", STREAM);
    const others = [
      await post(server, "/v1/messages", STREAM, { key: OTHER_KEY, headers: RETRY }),
      await post(server, "/v1/messages", { ...STREAM, max_tokens: 101 }, { headers: RETRY }),
    ];
    goOn();
    await Promise.all([first, ...others].map((reply) => reply.text()));
    expect(begun()).toBe(3);
    await (await post(server, "/v1/messages", STREAM, { headers: RETRY })).text();
    expect(begun()).toBe(4);
  });

  test("identical first requests are turns of their own: best-of-n callers send them on purpose", async () => {
    const replies = await Promise.all([0, 1, 2, 3].map(() => post(server, "/v1/messages", BODY)));
    const ids = await Promise.all(replies.map(async (reply) => ((await reply.json()) as { id: string }).id));
    expect([begun(), new Set(ids).size]).toEqual([4, 4]);
  });
});

describe("Idempotency-Key", () => {
  const keyed = (key: string) => ({ headers: { "idempotency-key": key } });

  test.each([
    ["whole", BODY],
    ["streamed", STREAM],
  ])("replays the first reply, %s, without a second turn", async (name, body) => {
    const first = await post(server, "/v1/messages", body, keyed(name));
    const firstText = await first.text();
    const second = await post(server, "/v1/messages", body, keyed(name));
    const secondText = await second.text();
    // The comment with the times is of the first alone.
    expect(withoutComments(secondText)).toBe(withoutComments(firstText));
    expect([first.headers.get("idempotent-replayed"), second.headers.get("idempotent-replayed")]).toEqual([null, "true"]);
    expect(second.headers.get("content-type")).toBe(first.headers.get("content-type"));
    expect([begun(), server.rows.length - rows]).toEqual([1, 1]);
  });

  test("joins the first request while it runs", async () => {
    const goOn = heldTurn();
    const first = await post(server, "/v1/messages", STREAM, keyed("joined"));
    const second = await post(server, "/v1/messages", STREAM, keyed("joined"));
    goOn();
    expect(parseEvents(await second.text())).toEqual(parseEvents(await first.text()));
    expect([second.headers.get("idempotent-replayed"), begun()]).toEqual(["true", 1]);
  });

  test("with other parameters is a 400, which clients do not send again", async () => {
    await (await post(server, "/v1/messages", BODY, keyed("other"))).text();
    const reply = await post(server, "/v1/messages", { ...BODY, max_tokens: 7 }, keyed("other"));
    expect([reply.status, begun()]).toEqual([400, 1]);
  });

  test("is of its workspace alone", async () => {
    await (await post(server, "/v1/messages", BODY, keyed("mine"))).text();
    const reply = await post(server, "/v1/messages", BODY, { ...keyed("mine"), key: OTHER_KEY });
    expect([reply.status, reply.headers.get("idempotent-replayed"), begun()]).toEqual([200, null, 2]);
  });

  test("stores nothing of a request that is refused or fails: the next one runs", async () => {
    const size = server.idempotency.size();
    expect((await post(server, "/v1/messages", { ...BODY, max_tokens: -1 }, keyed("failing"))).status).toBe(400);
    server.limits.refuse = fail("rate_limit_error", { public: "Too many" });
    expect((await post(server, "/v1/messages", BODY, keyed("failing"))).status).toBe(429);
    server.limits.refuse = null;
    server.engine.play(async function* () {
      yield start;
      throw fail("api_error", { public: "The engine stopped." });
    });
    expect((await post(server, "/v1/messages", BODY, keyed("failing"))).status).toBe(500);
    await until(() => server.idempotency.size() === size);
    server.engine.play(scripted(HELLO));
    expect((await post(server, "/v1/messages", BODY, keyed("failing"))).status).toBe(200);
  });

  test("is free again after its client has left", async () => {
    heldTurn();
    const size = server.idempotency.size();
    const leave = new AbortController();
    await post(server, "/v1/messages", STREAM, { ...keyed("left"), signal: leave.signal });
    leave.abort();
    await until(() => server.idempotency.size() === size);
    server.engine.play(scripted(HELLO));
    expect((await post(server, "/v1/messages", STREAM, keyed("left"))).headers.get("idempotent-replayed")).toBeNull();
  });

  test("does not take the reply away when it cannot be stored", async () => {
    const away = new Error("the database is away");
    vi.spyOn(server.idempotency, "complete").mockRejectedValueOnce(away);
    vi.spyOn(server.idempotency, "abandon").mockRejectedValueOnce(away);
    const reply = await post(server, "/v1/messages", BODY, keyed("unstored"));
    expect([reply.status, server.rows.length - rows]).toEqual([200, 1]);
    expect(server.lines.filter((line) => line.includes("could not be stored"))).toHaveLength(2);
  });

  test("must be 1 to 255 characters long", async () => {
    expect((await post(server, "/v1/messages", BODY, keyed("x".repeat(256)))).status).toBe(400);
  });
});
