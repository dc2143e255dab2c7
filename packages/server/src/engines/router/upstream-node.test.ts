import { expect, onTestFinished, test, vi } from "vitest";
import { type Clock, systemClock } from "../../platform/clock.ts";
import type { UpstreamDriver } from "../upstream/upstream-driver.ts";
import { upstreamFailure } from "../upstream/upstream-failure.ts";
import { createUpstreamNode } from "./upstream-node.ts";

function start(probe: () => Promise<void>, clock: Clock = systemClock) {
  const driver: UpstreamDriver = {
    run: () => {
      throw upstreamFailure("unreachable", "not asked here");
    },
    countTokens: () => Promise.reject(upstreamFailure("unreachable", "not asked here")),
    probe,
    close() {},
  };
  const node = createUpstreamNode(
    "one",
    { identity: "1", start: () => driver, geo: null, turnsMax: null, isPassedOn: false },
    {
      clock,
      log: { info() {}, warn() {} },
      probeEveryMs: 60_000,
      probeWithinMs: 50,
      isDrained: () => false,
      onRoom() {},
    },
  );
  onTestFinished(() => node.close());
  return node;
}

test("an upstream whose probe never ends is paused, asked again, and found well", async () => {
  const probes: (() => Promise<void>)[] = [() => new Promise(() => {}), () => Promise.reject(new Error("still away"))];
  const node = start(() => probes.shift()?.() ?? Promise.resolve());
  await expect.poll(() => node.isOpen()).toBe(false);
  expect(node.status().fault).toBe("unreachable");
  await expect.poll(() => node.isOpen(), { timeout: 30_000 }).toBe(true);
  expect(probes).toEqual([]);
});

test("an upstream that was away and says at a probe that it wants to be left alone is asked again after that", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  let probes = 0;
  const answers = [
    () => Promise.reject(upstreamFailure("unreachable", "away")),
    () => Promise.reject(upstreamFailure("limited", "429", { retryAfterSeconds: 30 })),
  ];
  const node = start(
    () => {
      probes += 1;
      return answers.shift()?.() ?? Promise.resolve();
    },
    { nowMs: Date.now, monotonicMs: Date.now },
  );
  await vi.advanceTimersByTimeAsync(25_000);
  expect([probes, node.isOpen()]).toEqual([2, false]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect([probes, node.isOpen()]).toEqual([3, true]);
});
