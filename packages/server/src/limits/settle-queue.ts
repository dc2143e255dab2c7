import type { Log } from "../platform/log.ts";
import type { BucketDemand, BucketStore } from "./bucket-store.ts";

export interface SettleQueue extends Pick<BucketStore, "settle">, AsyncDisposable {}

/**
 * Settles behind the turn's back: what ends together goes to the store together, and no reply waits for it. What cannot be
 * settled is let go with a warning: then a turn has cost its whole reservation, which a minute refills.
 */
export function createSettleQueue(store: Pick<BucketStore, "settle">, log: Pick<Log, "warn">): SettleQueue {
  const waiting = new Map<string, BucketDemand>();
  let flushing: Promise<void> | null = null;

  async function flush(): Promise<void> {
    // One turn of the event loop: turns that end together share a statement.
    await new Promise(setImmediate);
    while (waiting.size > 0) {
      const demands = [...waiting.values()];
      waiting.clear();
      try {
        await store.settle(demands);
      } catch (error) {
        log.warn({ err: error, buckets: demands.length }, "limits could not be settled");
      }
    }
    flushing = null;
  }

  return {
    async settle(demands) {
      for (const demand of demands) {
        if (demand.tokens === 0) continue;
        waiting.set(demand.key, { ...demand, tokens: demand.tokens + (waiting.get(demand.key)?.tokens ?? 0) });
      }
      if (waiting.size > 0) flushing ??= flush();
    },
    async [Symbol.asyncDispose]() {
      await flushing;
    },
  };
}
