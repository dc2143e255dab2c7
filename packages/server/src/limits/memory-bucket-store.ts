import type { Clock } from "../platform/clock.ts";
import type { BucketDemand, BucketStore, TakeOutcome } from "./bucket-store.ts";
import { fullBucket, readBucket, refill, waitMs, withdraw, type Bucket } from "./token-bucket.ts";

/** Above this many buckets, full ones are dropped: a full bucket and none at all are the same. */
const PRUNE_ABOVE_BUCKETS = 10_000;

/** Buckets of this process. Atomic because nothing here waits. */
export function createMemoryBucketStore({ clock }: { readonly clock: Clock }): BucketStore {
  const buckets = new Map<string, Bucket>();
  let pruneAbove = PRUNE_ABOVE_BUCKETS;

  function current(demand: BucketDemand, nowMs: number): Bucket {
    const bucket = buckets.get(demand.key);
    if (!bucket) return fullBucket(demand.limitPerMinute, nowMs);
    const refilled = refill(bucket, nowMs);
    // The operator changed the limit: what was used stays used.
    return refilled.limitPerMinute === demand.limitPerMinute ? refilled : rescale(refilled, demand.limitPerMinute, nowMs);
  }

  function prune(nowMs: number): void {
    if (buckets.size <= pruneAbove) return;
    for (const [key, bucket] of buckets) {
      if (readBucket(refill(bucket, nowMs)).fullInMs === 0) buckets.delete(key);
    }
    // Doubling keeps the sweep rare when everybody is busy at once.
    pruneAbove = Math.max(PRUNE_ABOVE_BUCKETS, buckets.size * 2);
  }

  return {
    async take(demands): Promise<TakeOutcome> {
      const nowMs = Math.floor(clock.monotonicMs());
      const found = demands.map((demand) => current(demand, nowMs));
      const waits = demands.map((demand, index) =>
        waitMs(found[index] ?? fullBucket(demand.limitPerMinute, nowMs), demand.tokens),
      );
      const longestMs = Math.max(0, ...waits);
      if (longestMs > 0) {
        return { taken: false, refusedIndex: waits.indexOf(longestMs), waitMs: longestMs, readings: found.map(readBucket) };
      }
      const readings = demands.map((demand, index) => {
        const bucket = withdraw(found[index] ?? fullBucket(demand.limitPerMinute, nowMs), demand.tokens);
        buckets.set(demand.key, bucket);
        return readBucket(bucket);
      });
      prune(nowMs);
      return { taken: true, readings };
    },
    async settle(demands) {
      const nowMs = Math.floor(clock.monotonicMs());
      for (const demand of demands) buckets.set(demand.key, withdraw(current(demand, nowMs), demand.tokens));
    },
  };
}

function rescale(bucket: Bucket, limitPerMinute: number, nowMs: number): Bucket {
  const usedTokens = bucket.limitPerMinute - bucket.levelUnits / 60_000;
  return withdraw(fullBucket(limitPerMinute, nowMs), Math.round(usedTokens));
}
