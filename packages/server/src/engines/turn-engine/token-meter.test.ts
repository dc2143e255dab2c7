import { expect, test } from "vitest";
import { createTokenMeter } from "./token-meter.ts";

test("the meter shows the speed of the last seconds, and forgets what came before", () => {
  let nowMs = 50_000;
  const meter = createTokenMeter({ monotonicMs: () => nowMs });
  expect(meter.perSecond()).toBe(0);
  for (let tenth = 0; tenth < 100; tenth++) {
    meter.add(4);
    nowMs += 100;
  }
  expect(meter.perSecond()).toBeCloseTo(40, 0);
  nowMs += 2_000;
  expect(meter.perSecond()).toBeCloseTo(20, 0);
  nowMs += 5_000;
  expect(meter.perSecond()).toBe(0);
});
