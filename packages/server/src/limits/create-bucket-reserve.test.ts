import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { BucketDemand, BucketStore } from "./bucket-store.ts";
import { createBucketReserve } from "./create-bucket-reserve.ts";
import { createMemoryBucketStore } from "./memory-bucket-store.ts";

const SWEEP_MS = 250;
const REQUESTS = { key: "requests", limitPerMinute: 100_000 };
const OUTPUT = { key: "output", limitPerMinute: 100_000_000 };

// The look at what is too much; the rest is told the time.
beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] }));
afterEach(() => void vi.useRealTimers());

/** Processes, each with tokens ahead, over one store. Its clock stands still, and so no bucket refills, unless time is passed. */
function start() {
  let nowMs = 0;
  let fault: Error | null = null;
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  const shared = createMemoryBucketStore({ clock });
  const asked: string[] = [];
  let withdrawn = 0;
  let delay = { nth: Number.POSITIVE_INFINITY, until: Promise.resolve() };
  const ask = (what: "take" | "settle" | "read") => async (demands: readonly BucketDemand[]) => {
    asked.push(what);
    const until = asked.length === delay.nth ? delay.until : null;
    if (what !== "read") withdrawn += demands.reduce((sum, { tokens }) => sum + tokens, 0);
    if (fault !== null) throw fault;
    const answer = (await shared[what](demands)) as never;
    await until;
    return answer;
  };
  const store: BucketStore = { take: ask("take"), settle: ask("settle"), read: ask("read") };
  const warnings: string[] = [];
  const log = { warn: (_: unknown, text?: string) => void warnings.push(text ?? "") };
  const open = () => createBucketReserve({ store, queue: store, clock, log });
  return {
    open,
    asked,
    warnings,
    /** Tokens that went from the store, less those that came back; for where no take is refused. */
    withdrawn: () => withdrawn,
    left: async ({ key, limitPerMinute }: Pick<BucketDemand, "key" | "limitPerMinute">) =>
      (await shared.read([{ key, limitPerMinute, tokens: 0 }]))[0]?.remaining,
    /** The nth question is answered late. */
    delayNth: (nth: number, until: Promise<void>) => void (delay = { nth, until }),
    breakStore: (error: Error | null) => void (fault = error),
    passMs: async (ms: number) => {
      nowMs += ms;
      await vi.advanceTimersByTimeAsync(ms);
    },
  };
}

const one = [{ ...REQUESTS, tokens: 1 }];

test("who takes rarely asks the store each time", async () => {
  const { open, asked, passMs } = start();
  const reserve = open();
  for (let second = 0; second < 20; second += 1) {
    for (let take = 0; take < 7; take += 1) await reserve.take(one);
    await passMs(1_000);
  }
  expect(asked).toEqual(Array.from({ length: 140 }, () => "take"));
  await reserve[Symbol.asyncDispose]();
});

test("who takes often asks the store rarely, and not a token is lost", async () => {
  const { open, asked, left } = start();
  const reserve = open();
  const demands = [
    { ...REQUESTS, tokens: 1 },
    { ...OUTPUT, tokens: 1_000 },
  ];
  for (let turn = 0; turn < 1_000; turn += 1) {
    expect((await reserve.take(demands)).taken).toBe(true);
    await reserve.settle([
      { ...REQUESTS, tokens: 0 },
      { ...OUTPUT, tokens: -900 },
    ]);
  }
  expect(asked.length).toBeLessThan(100);
  await reserve[Symbol.asyncDispose]();
  expect([await left(REQUESTS), await left(OUTPUT)]).toEqual([99_000, 99_900_000]);
});

test("a reading tells what is left with what is ready here", async () => {
  const { open, left } = start();
  const reserve = open();
  for (let turn = 1; turn <= 100; turn += 1) {
    const { readings } = await reserve.take(one);
    expect(readings).toEqual([{ limitPerMinute: 100_000, remaining: 100_000 - turn, fullInMs: Math.ceil(turn * 0.6) }]);
    // What is on its way is in no reading of a take.
    await setImmediate();
  }
  expect(await left(REQUESTS)).toBeLessThan(99_900);
  expect(await reserve.read(one)).toMatchObject([{ remaining: 99_900 }]);
  await reserve[Symbol.asyncDispose]();
});

test("a reading waits for what is on its way", async () => {
  const { open, asked, delayNth } = start();
  const reserve = open();
  const { promise, resolve: reply } = Promise.withResolvers<void>();
  delayNth(9, promise);
  for (let take = 0; take < 8; take += 1) await reserve.take(one);
  expect(asked).toHaveLength(9);
  const reading = reserve.read(one);
  await setImmediate();
  reply();
  expect(await reading).toMatchObject([{ remaining: 99_992 }]);
  await reserve[Symbol.asyncDispose]();
});

test("two processes let through exactly what a bucket holds", async () => {
  const { open, asked } = start();
  const small = [{ key: "small", limitPerMinute: 5_000, tokens: 1 }];
  const reserves = [open(), open()];
  let taken = 0;
  let refused = 0;
  for (let turn = 0; refused < 20; turn += 1) {
    const outcome = await reserves[turn % 2]!.take(small);
    refused = outcome.taken ? 0 : refused + 1;
    taken += Number(outcome.taken);
  }
  expect(taken).toBe(5_000);
  expect(asked.length).toBeLessThan(5_000);
  for (const reserve of reserves) await reserve[Symbol.asyncDispose]();
});

test("what is not used, and what turns give back, is in the store within half a second", async () => {
  const { open, withdrawn, passMs } = start();
  const reserve = open();
  const demand = [{ ...OUTPUT, tokens: 1_000 }];
  for (let turn = 0; turn < 50; turn += 1) await reserve.take(demand);
  await reserve.settle([{ ...OUTPUT, tokens: -40_000 }]);
  expect(withdrawn()).toBeGreaterThan(50_000);
  await passMs(2 * SWEEP_MS);
  expect(withdrawn()).toBe(10_000);
  await reserve[Symbol.asyncDispose]();
});

test("what was used beyond what was taken is owed within a quarter of a second", async () => {
  const { open, left, passMs } = start();
  const reserve = open();
  for (let turn = 0; turn < 50; turn += 1) await reserve.take(one);
  await reserve.settle([{ ...REQUESTS, tokens: 50_000 }]);
  await passMs(SWEEP_MS);
  const most = 100_000 - 50_050 + Math.floor((SWEEP_MS * REQUESTS.limitPerMinute) / 60_000);
  expect(await left(REQUESTS)).toBeLessThanOrEqual(most);
  expect(await left(REQUESTS)).toBeGreaterThan(most - 500);
  await reserve[Symbol.asyncDispose]();
});

test("under another limit a bucket is asked for anew, and what was ahead of the old one goes back where it is missing", async () => {
  const { open, left } = start();
  const reserve = open();
  for (let turn = 0; turn < 50; turn += 1) await reserve.take(one);
  const lower = [{ ...REQUESTS, limitPerMinute: 60, tokens: 1 }];
  // Of 60 more than ten are ahead: without their return there were none for it.
  expect(await left({ ...REQUESTS, limitPerMinute: 60 })).toBe(0);
  expect((await reserve.take(lower)).taken).toBe(true);
  expect(await left({ ...REQUESTS, limitPerMinute: 60 })).toBe(9);
  await reserve[Symbol.asyncDispose]();
});

test("while the store is away, what is ready is used, then takes fail as it does", async () => {
  const { open, breakStore, warnings } = start();
  const reserve = open();
  for (let turn = 0; turn < 50; turn += 1) await reserve.take(one);
  breakStore(new Error("away"));
  let taken = 0;
  const over = async () => {
    for (;;) {
      await reserve.take(one);
      taken += 1;
    }
  };
  await expect(over()).rejects.toThrow("away");
  expect(taken).toBeGreaterThan(0);
  expect(warnings.length).toBeLessThanOrEqual(1);
  breakStore(null);
  expect((await reserve.take(one)).taken).toBe(true);
  await reserve[Symbol.asyncDispose]();
});

test("who is refused at a bucket of its own takes from nobody what is ahead of a shared one", async () => {
  const { open, asked } = start();
  const reserve = open();
  const own = { key: "own", limitPerMinute: 10, tokens: 1 };
  const shared = { ...REQUESTS, tokens: 1 };
  for (let turn = 0; turn < 50; turn += 1) await reserve.take([shared]);
  for (let turn = 0; turn < 10; turn += 1) await reserve.take([shared, own]);
  asked.length = 0;
  for (let turn = 0; turn < 100; turn += 1) {
    expect((await reserve.take([shared, own])).taken).toBe(false);
    expect((await reserve.take([shared])).taken).toBe(true);
  }
  expect(asked.filter((what) => what === "settle")).toEqual([]);
  // Each refusal is the store's; the others' come by lumps.
  expect(asked.length).toBeLessThan(130);
  await reserve[Symbol.asyncDispose]();
});

test("a take that needs what is on its way waits for it", async () => {
  const { open, delayNth } = start();
  const reserve = open();
  const { promise, resolve: reply } = Promise.withResolvers<void>();
  delayNth(9, promise);
  for (let take = 0; take < 8; take += 1) await reserve.take(one);
  const rest = reserve.take([{ ...REQUESTS, tokens: 100_000 - 8 }]);
  await setImmediate();
  reply();
  expect((await rest).taken).toBe(true);
  await reserve[Symbol.asyncDispose]();
});

test("closing waits until what goes back has arrived", async () => {
  const { open, asked, delayNth } = start();
  const reserve = open();
  for (let take = 0; take < 50; take += 1) await reserve.take(one);
  await setImmediate();
  const { promise, resolve: reply } = Promise.withResolvers<void>();
  delayNth(asked.length + 1, promise);
  await reserve.settle([{ ...REQUESTS, tokens: -1_000 }]);
  vi.advanceTimersByTime(SWEEP_MS);
  expect(asked.at(-1)).toBe("settle");
  let isClosed = false;
  const closing = reserve[Symbol.asyncDispose]().then(() => (isClosed = true));
  await setImmediate();
  await setImmediate();
  expect(isClosed).toBe(false);
  reply();
  await closing;
});
