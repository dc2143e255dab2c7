import { expect, test } from "vitest";
import { afterCrash } from "./restart-delay.ts";

test("the first restart is at once, then each waits twice as long, up to a minute", () => {
  expect([0, 1, 2, 3, 4, 20].map((before) => afterCrash(before, 1000).delayMs)).toEqual([0, 500, 1000, 2000, 4000, 60_000]);
});

test("a process that lived for a minute starts a new series", () => {
  expect(afterCrash(7, 60_000)).toEqual({ crashes: 1, delayMs: 0 });
});
