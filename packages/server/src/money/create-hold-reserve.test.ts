import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import type { WantedHold } from "../storage/spend.ts";
import { createHoldReserve } from "./create-hold-reserve.ts";

const PAYER = { organizationId: "org", workspaceId: "wrkspc", apiKeyId: "key", userId: null };
const log = { warn() {} };

/** A reserve over a database that holds what it is asked to, unless told otherwise. */
function start() {
  let nowMs = 0;
  let answer: boolean | Error = true;
  let answersAfterMs = 0;
  let releasing = Promise.resolve();
  const held: { readonly ids: readonly string[]; readonly nanoUsd: bigint; readonly spare: bigint }[] = [];
  const released: string[] = [];
  const reserve = createHoldReserve({
    async hold(wanted: readonly WantedHold[], spare) {
      held.push({ ids: wanted.map(({ requestId }) => requestId), nanoUsd: wanted[0]?.nanoUsd ?? 0n, spare });
      nowMs += answersAfterMs;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    async release(ids) {
      released.push(...ids);
      await releasing;
    },
    clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
    log,
  });
  return {
    reserve,
    held,
    released,
    setAnswer: (value: boolean | Error) => {
      answer = value;
    },
    answerAfterMs: (ms: number) => {
      answersAfterMs = ms;
    },
    releaseUntil: (until: Promise<void>) => {
      releasing = until;
    },
    passMs: (ms: number) => {
      nowMs += ms;
    },
    /** So many turns one after the other, each of so much; those that found money ahead. */
    turns: async (count: number, nanoUsd = 10n): Promise<number> => {
      let found = 0;
      for (let turn = 0; turn < count; turn += 1) {
        if (reserve.take(PAYER, nanoUsd) !== null) found += 1;
        await Promise.resolve();
        await Promise.resolve();
      }
      return found;
    },
  };
}

test("whose turns are few holds nothing ahead", async () => {
  const { turns, passMs, held } = start();
  for (let second = 0; second < 20; second += 1) {
    expect(await turns(7)).toBe(0);
    passMs(1_000);
  }
  expect(held).toEqual([]);
});

test("whose turns are many finds money for the dearest of them, held by few statements and only where 64 times as much is left", async () => {
  const { turns, held, passMs } = start();
  await turns(8, 25n);
  expect(held).toMatchObject([{ nanoUsd: 25n, spare: 8n * 25n * 64n }]);
  expect(await turns(40, 10n)).toBe(40);
  passMs(250);
  expect(await turns(40, 10n)).toBe(40);
  expect(held.length).toBeLessThanOrEqual(8);
  expect(new Set(held.flatMap(({ ids }) => ids)).size).toBe(held.flatMap(({ ids }) => ids).length);
});

test("a dearer turn than was foreseen finds none", async () => {
  const { reserve, turns } = start();
  await turns(20, 10n);
  expect(reserve.take(PAYER, 11n)).toBeNull();
});

test("money of one key, workspace or person is for no other", async () => {
  const { reserve, turns } = start();
  await turns(20);
  for (const other of [{ apiKeyId: "key_2" }, { workspaceId: "wrkspc_2" }, { userId: "user_1" }])
    expect(reserve.take({ ...PAYER, ...other }, 10n)).toBeNull();
  expect(reserve.take(PAYER, 10n)).not.toBeNull();
});

test("what has lain for a second is not used, as a limit may have been set since", async () => {
  const { reserve, turns, passMs } = start();
  await turns(20);
  passMs(1_000);
  expect(reserve.take(PAYER, 10n)).toBeNull();
});

test("what lies for a second counts from when it was asked for, however late the answer comes", async () => {
  const { reserve, turns, answerAfterMs } = start();
  answerAfterMs(800);
  await turns(8);
  expect(reserve.take(PAYER, 10n)).toBeNull();
});

test("gives back at once what is asked for, once, and the rest when it closes", async () => {
  const { reserve, turns, held, released } = start();
  const found = await turns(20);
  const all = held.flatMap(({ ids }) => ids);
  expect(await reserve.giveBack({ organizationId: "org_other" })).toBe(false);
  for (const other of [{ apiKeyId: "key_2" }, { workspaceId: "wrkspc_2" }, { userId: "user_1" }])
    expect(await reserve.giveBack({ organizationId: "org", ...other })).toBe(false);
  expect(await reserve.giveBack({ organizationId: "org", apiKeyId: "key" })).toBe(true);
  expect(await reserve.giveBack({ organizationId: "org" })).toBe(false);
  expect(released).toHaveLength(all.length - found);
  await turns(20);
  await reserve[Symbol.asyncDispose]();
  expect(new Set(released).size).toBe(released.length);
  expect(released.length).toBeGreaterThan(all.length - found);
});

test("asks no more for a second where not enough is left or nothing could be held, and gives back what may have been held all the same", async () => {
  const { turns, held, released, setAnswer, passMs } = start();
  setAnswer(false);
  expect(await turns(100)).toBe(0);
  expect(held).toHaveLength(1);
  passMs(200);
  await turns(100);
  expect(held).toHaveLength(1);
  setAnswer(new Error("the connection broke"));
  passMs(900);
  await turns(100);
  expect(held).toHaveLength(2);
  // A first try may have held it whose answer got lost.
  expect(released).toEqual(held.flatMap(({ ids }) => ids));
});

test("closing waits until what goes back has arrived", async () => {
  const { reserve, turns, releaseUntil } = start();
  await turns(20);
  const { promise, resolve: answer } = Promise.withResolvers<void>();
  releaseUntil(promise);
  void reserve.giveBack({ organizationId: "org" });
  let isClosed = false;
  const closing = reserve[Symbol.asyncDispose]().then(() => (isClosed = true));
  await setImmediate();
  expect(isClosed).toBe(false);
  answer();
  await closing;
});
