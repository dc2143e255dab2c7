import { expect, test } from "vitest";
import { createSizedCache } from "./sized-cache.ts";

let nowMs = 1_800_000_000_000;
const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
const lengthOf = (text: string) => text.length;

test("what was used longest ago makes room, and what is too large alone is not kept", () => {
  const cache = createSizedCache({ maxWeight: 10, weigh: lengthOf });
  for (const text of ["aaaa", "bbbb"]) cache.set(text, text);
  cache.get("aaaa");
  cache.set("cccc", "cccc");
  expect(["aaaa", "bbbb", "cccc"].map((key) => cache.get(key))).toEqual(["aaaa", undefined, "cccc"]);
  cache.set("large", "x".repeat(11));
  expect(cache.get("large")).toBeUndefined();
});

test("an entry that is set again is counted once, and one that is deleted not at all", () => {
  const cache = createSizedCache({ maxWeight: 10, weigh: lengthOf });
  for (let time = 0; time < 5; time += 1) cache.set("a", "aaaa");
  cache.set("gone", "bbbb");
  cache.delete("gone");
  cache.set("c", "cccccc");
  expect([cache.get("a"), cache.get("c")]).toEqual(["aaaa", "cccccc"]);
});

test("empty values take room: any number of them does not fit", () => {
  const cache = createSizedCache({ maxWeight: 100, weigh: lengthOf });
  for (let index = 0; index < 1_000; index += 1) cache.set(String(index), "");
  const kept = Array.from({ length: 1_000 }, (_, index) => cache.get(String(index))).filter((value) => value !== undefined);
  expect(kept).toHaveLength(100);
});

test.each([
  ["set", undefined],
  ["used", "text"],
] as const)("an entry's life is counted since it was %s", (since, expected) => {
  const cache = createSizedCache({ maxWeight: 100, weigh: lengthOf, life: { clock, ms: 1_000, since } });
  cache.set("key", "text");
  nowMs += 900;
  expect(cache.get("key")).toBe("text");
  nowMs += 900;
  expect(cache.get("key")).toBe(expected);
  nowMs += 1_000;
  expect(cache.get("key")).toBeUndefined();
});
