import { expect, test } from "vitest";
import { createRecentUse } from "./recent-use.ts";

const plus = (more: number) => (sum: number) => sum + more;

test("use is counted by windows of a quarter of a second, of which the last two are known", () => {
  const recent = createRecentUse(0, 1_000);
  for (const atMs of [1_000, 1_100, 1_249]) recent.note(atMs, plus(10));
  expect([recent.count(), recent.sums()]).toEqual([3, [30, 0]]);
  recent.note(1_250, plus(1));
  expect([recent.count(), recent.sums()]).toEqual([3, [1, 30]]);
  recent.note(1_500, plus(2));
  expect([recent.count(), recent.sums()]).toEqual([1, [2, 1]]);
});

test("after two windows without use nothing is known of it any more", () => {
  const recent = createRecentUse(0, 0);
  recent.note(0, plus(10));
  expect([recent.isOver(499), recent.isOver(500)]).toEqual([false, true]);
  recent.note(500, plus(1));
  expect([recent.count(), recent.sums()]).toEqual([1, [1, 0]]);
});
