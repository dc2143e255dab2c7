import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { connectEngineDoor } from "../../engines/engine-door/connect-engine-door.ts";
import { upstreamFailure } from "../../engines/upstream/upstream-failure.ts";
import { fail } from "../../platform/fail.ts";
import { NO_TRACING } from "../../platform/tracing.ts";
import type { TurnEvent } from "../../turn/turn-event.ts";
import type { Turn } from "../../turn/turn.ts";
import { createScriptedEngine, end, failing, HELLO, start, textBlock, type Script } from "../testing/scripted-engine.ts";
import { openEngineDoor } from "./open-engine-door.ts";

const turn = { requestId: "req_1", weights: "tiny", messages: [], maxTokens: 5 } as unknown as Turn;
const never = new AbortController().signal;

async function open(at: "socket" | "port" = "socket") {
  const folder = await mkdtemp(join(tmpdir(), "parley-door-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const engine = createScriptedEngine();
  const door = await openEngineDoor(
    {
      secret: "shared",
      tracing: NO_TRACING,
      find: (upstream) =>
        upstream === "elsewhere" ? null : { run: (given, _at, signal) => engine.run(given, signal), countTokens: async () => 17 },
      answers: { list: () => engine.list(), echo: async (question) => question },
    },
    at === "socket" ? { socketPath: join(folder, "engine.sock") } : { host: "127.0.0.1", port: 0 },
  );
  onTestFinished(() => door[Symbol.asyncDispose]());
  const distant = connectEngineDoor({ address: door.address, secret: "shared" });
  onTestFinished(() => distant.close());
  return { engine, door, distant };
}

const play = (events: readonly TurnEvent[]): Script =>
  async function* script() {
    yield* events;
  };

test.each(["socket", "port"] as const)("events cross the door as they are, over a %s", async (at) => {
  const { engine, distant } = await open(at);
  const events = [start, ...textBlock(0, "Hé\n", "\u2028 wörld"), end({ stopSequence: "\n\n" })];
  engine.play(play(events));
  expect(await Array.fromAsync(distant.engine.run(turn, never))).toEqual(events);
  expect(engine.turns).toEqual([turn]);
  expect(await distant.engine.countTokens(turn, never)).toBe(17);
  expect(await distant.engine.list()).toEqual(await engine.list());
  expect(await distant.ask("echo", { a: [1, null] })).toEqual({ a: [1, null] });
});

test("only this user may open the socket, and only who knows the secret is answered", async () => {
  const { door } = await open();
  const path = "socketPath" in door.address ? door.address.socketPath : "";
  expect((await stat(path)).mode & 0o077).toBe(0);
  const stranger = connectEngineDoor({ address: door.address, secret: "guessed" });
  onTestFinished(() => stranger.close());
  await expect(stranger.engine.list()).rejects.toMatchObject({ fault: "credentials" });
});

test("a failure keeps its texts, its retry-after and what it says of an upstream", async () => {
  const { engine, distant } = await open();
  engine.play(async function* script() {
    yield start;
    throw fail("invalid_request_error", { public: "prompt is too long: 9 tokens > 8 maximum", internal: "window" });
  });
  await expect(Array.fromAsync(distant.engine.run(turn, never))).rejects.toMatchObject({
    type: "invalid_request_error",
    publicMessage: "prompt is too long: 9 tokens > 8 maximum",
    internal: "window",
  });
  engine.play(failing(upstreamFailure("limited", "429", { retryAfterSeconds: 7 })));
  await expect(Array.fromAsync(distant.driver("one").run(turn, { model: null, isFallback: false }, never))).rejects.toMatchObject(
    {
      type: "rate_limit_error",
      fault: "limited",
      retryAfterSeconds: 7,
    },
  );
});

test("leaving a turn stops it on the other side", async () => {
  const { engine, distant } = await open();
  engine.play(async function* script(_turn, signal) {
    yield start;
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  });
  const controller = new AbortController();
  const events = distant.engine.run(turn, controller.signal);
  expect((await events.next()).value).toEqual(start);
  controller.abort(new Error("left"));
  await expect(events.next()).rejects.toThrow("left");
  await expect.poll(() => engine.ended() + engine.stopped()).toBeGreaterThan(0);
});

test("a door that closes within a turn is an upstream that broke, and one that is gone cannot be reached", async () => {
  const { engine, door, distant } = await open();
  engine.play(async function* script(_turn, signal) {
    yield start;
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  });
  const driver = distant.driver(null);
  const events = driver.run(turn, { model: null, isFallback: false }, never);
  await events.next();
  const rest = events.next().catch((error: unknown) => error);
  await door[Symbol.asyncDispose]();
  expect(await rest).toMatchObject({ fault: "cut" });
  await expect(driver.probe(never)).rejects.toMatchObject({ fault: "unreachable" });
});

test("a probe learns what the other's models can hold", async () => {
  const { engine, distant } = await open();
  engine.play(play(HELLO));
  const driver = distant.driver(null);
  expect(driver.describe?.()).toBeNull();
  await driver.probe(never);
  const [first] = await engine.list();
  expect(driver.describe?.()).toEqual({ contextTokens: first?.contextTokens, thinking: first?.thinking });
});
