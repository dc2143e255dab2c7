import { describe, expect, test } from "vitest";
import { createThreadGovernor, type ThreadGovernor } from "./thread-governor.ts";

/** Runs steps of 300 ms on a machine where we get `share` of each of our threads and `idle` cores idle. */
function machine(governor: ThreadGovernor) {
  const at = { wallMs: 0, processMs: 0, idleMs: 0 };
  return (steps: number, share: number, idleCores: number) => {
    for (let step = 0; step < steps; step++) {
      governor.stepStarts({ ...at });
      at.wallMs += 300;
      at.processMs += 300 * governor.threads * share;
      at.idleMs += 300 * idleCores;
      governor.stepEnded({ ...at });
    }
    return governor.threads;
  };
}

describe("the thread governor", () => {
  test("keeps every thread on a machine of its own", () => {
    expect(machine(createThreadGovernor(8))(50, 0.99, 0)).toBe(8);
  });

  test("keeps a thread that the server beside it interrupts", () => {
    expect(machine(createThreadGovernor(2))(50, 0.82, 0)).toBe(2);
  });

  test("gives up a thread after one window in which another process took a core", () => {
    expect(machine(createThreadGovernor(2))(1, 0.7, 0)).toBe(1);
  });

  test("gives up what is taken at once on a large machine", () => {
    expect(machine(createThreadGovernor(16))(1, 0.5, 0)).toBe(8);
  });

  test("never goes below one thread", () => {
    expect(machine(createThreadGovernor(4))(20, 0.2, 0)).toBe(1);
  });

  test("takes the threads back when cores idle", () => {
    const run = machine(createThreadGovernor(2));
    run(1, 0.5, 0);
    expect(run(2, 1, 1)).toBe(1);
    expect(run(10, 1, 1)).toBe(2);
  });

  test("tries less and less often while every attempt ends crowded", () => {
    const run = machine(createThreadGovernor(2));
    let attempts = 0;
    for (let step = 0; step < 400; step++) {
      const before = run(0, 1, 0);
      const after = before === 2 ? run(1, 0.6, 0) : run(1, 1, 0.7);
      if (after > before) attempts++;
    }
    // 120 s: after 1, 2 and 4 s, then every 6 s.
    expect(attempts).toBeGreaterThanOrEqual(15);
    expect(attempts).toBeLessThanOrEqual(22);
  });
});
