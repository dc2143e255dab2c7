import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { createTurnTaker } from "./take-turns.ts";

const never = new AbortController().signal;

/** Work that begins when it is let in, and ends when it is told to. */
function line(places: number) {
  const turns = createTurnTaker(places);
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const ask = (name: string, signal = never) =>
    turns.take({ whose: name.charAt(0), signal }, () => {
      begun.push(name);
      return new Promise<void>((resolve) => ends.push(resolve));
    });
  const endOne = async () => {
    ends.shift()?.();
    await setImmediate();
  };
  return { begun, ask, endOne };
}

test("one that asks for much does not keep the others waiting: lines take turns", async () => {
  const { begun, ask, endOne } = line(1);
  const asked = ["a1", "a2", "a3", "b1", "c1", "b2"].map((name) => ask(name));
  for (const _ of asked) await endOne();
  await Promise.all(asked);
  expect(begun).toEqual(["a1", "a2", "b1", "c1", "a3", "b2"]);
});

test("no more are in at once than there are places, whatever becomes of them", async () => {
  const turns = createTurnTaker(2);
  let inside = 0;
  let most = 0;
  const asked = Array.from({ length: 9 }, (_, index) =>
    turns.take({ whose: `w${index % 2}`, signal: never }, async () => {
      inside += 1;
      most = Math.max(most, inside);
      await setImmediate();
      inside -= 1;
      if (index % 3 === 0) throw new Error("broken");
    }),
  );
  const outcomes = await Promise.allSettled(asked);
  expect([most, outcomes.filter(({ status }) => status === "rejected").length]).toEqual([2, 3]);
});

test("who leaves while waiting gets the reason at once, and takes no place", async () => {
  const { begun, ask, endOne } = line(1);
  const first = ask("a1");
  const leaving = new AbortController();
  const left = ask("b1", leaving.signal);
  const last = ask("b2");
  leaving.abort(new Error("the client left"));
  await expect(left).rejects.toThrow("the client left");
  await expect(ask("b3", leaving.signal)).rejects.toThrow("the client left");
  await endOne();
  await endOne();
  await Promise.all([first, last]);
  expect(begun).toEqual(["a1", "b2"]);
});
