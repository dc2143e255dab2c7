import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../platform/clock.ts";
import type { UpstreamDriver } from "../upstream/upstream-driver.ts";
import { upstreamFailure } from "../upstream/upstream-failure.ts";
import { createUpstreamNode } from "./upstream-node.ts";

test("an upstream whose probe never ends is paused, asked again, and found well", async () => {
  const probes: (() => Promise<void>)[] = [() => new Promise(() => {}), () => Promise.reject(new Error("still away"))];
  const driver: UpstreamDriver = {
    run: () => {
      throw upstreamFailure("unreachable", "not asked here");
    },
    countTokens: () => Promise.reject(upstreamFailure("unreachable", "not asked here")),
    probe: () => probes.shift()?.() ?? Promise.resolve(),
    close() {},
  };
  const node = createUpstreamNode(
    "one",
    { identity: "1", start: () => driver, geo: null, turnsMax: null, isPassedOn: false },
    {
      clock: systemClock,
      log: { info() {}, warn() {} },
      probeEveryMs: 60_000,
      probeWithinMs: 50,
      isDrained: () => false,
      onRoom() {},
    },
  );
  onTestFinished(() => node.close());
  await expect.poll(() => node.isOpen()).toBe(false);
  expect(node.status().fault).toBe("unreachable");
  await expect.poll(() => node.isOpen(), { timeout: 30_000 }).toBe(true);
  expect(probes).toEqual([]);
});
