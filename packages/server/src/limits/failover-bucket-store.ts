import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import type { BucketStore } from "./bucket-store.ts";

/** How long the second store serves before the first is tried again. */
const RETRY_AFTER_MS = 1_000;

/**
 * Asks `first`, and `second` while `first` is away. Each has buckets of its own, so a switch lets at most one more bucket of
 * each limit through; both are shared by all nodes, so that does not grow with their number.
 * See docs/decisions/2026-11-21-limit-stores.md.
 */
export function createFailoverBucketStore(options: {
  readonly first: BucketStore;
  readonly second: BucketStore;
  readonly clock: Clock;
  readonly log: Pick<Log, "warn" | "info">;
}): BucketStore {
  const { first, second, clock, log } = options;
  /** Monotonic; null while the first store is in use. */
  let retryAtMs: number | null = null;

  async function ask<T>(question: (store: BucketStore) => Promise<T>): Promise<T> {
    if (retryAtMs === null || clock.monotonicMs() >= retryAtMs) {
      // One call tries; the others need not wait for a server that may hang.
      if (retryAtMs !== null) retryAtMs = clock.monotonicMs() + RETRY_AFTER_MS;
      try {
        const answer = await question(first);
        if (retryAtMs !== null) log.info({}, "limits are kept in Redis again");
        retryAtMs = null;
        return answer;
      } catch (error) {
        if (retryAtMs === null) log.warn({ err: error }, "Redis is away: limits are kept in the database");
        retryAtMs = clock.monotonicMs() + RETRY_AFTER_MS;
      }
    }
    return question(second);
  }

  return {
    take: (demands) => ask((store) => store.take(demands)),
    settle: (demands) => ask((store) => store.settle(demands)),
    read: (demands) => ask((store) => store.read(demands)),
  };
}
