import type { Clock } from "../platform/clock.ts";
import type { ClockExpectation } from "../storage/limit-buckets.ts";

export interface ClockWitness {
  /** Null before the store's clock was ever seen. */
  expect(): ClockExpectation | null;
  /** What the store's clock showed in a reply to a request that was sent at `sentAtMs`, monotonic. */
  observe(seen: { readonly nowMs: number; readonly version: number; readonly sentAtMs: number }): void;
}

/**
 * Follows a store's wall clock by this node's monotonic one. A store has only a clock that can be set; a node that passes
 * along what the time must be lets it see a jump and take it out.
 */
export function createClockWitness(clock: Clock): ClockWitness {
  let last: { nowMs: number; version: number; sentAtMs: number; repliedAtMs: number } | null = null;
  return {
    expect() {
      if (!last) return null;
      const atMs = clock.monotonicMs();
      return {
        version: last.version,
        earliestMs: Math.floor(last.nowMs + atMs - last.repliedAtMs),
        latestMs: Math.ceil(last.nowMs + atMs - last.sentAtMs),
      };
    },
    observe(seen) {
      // Replies may overtake one another; the request that was sent last tells most.
      if (!last || seen.sentAtMs >= last.sentAtMs) last = { ...seen, repliedAtMs: clock.monotonicMs() };
    },
  };
}
