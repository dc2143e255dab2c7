import type { Clock } from "../platform/clock.ts";
import { toTakeOutcome, type BucketDemand, type BucketStore } from "./bucket-store.ts";
import { fullBucket, readBucket, refill, rescale, waitMs, withdraw, type Bucket } from "./token-bucket.ts";

/** Above this many buckets, full ones are dropped: a full bucket and none at all are the same. */
const PRUNE_ABOVE_BUCKETS = 10_000;

/** Buckets of this process. Atomic because nothing here waits. */
export function createMemoryBucketStore({ clock }: { readonly clock: Clock }): BucketStore {
  const buckets = new Map<string, Bucket>();
  let pruneAbove = PRUNE_ABOVE_BUCKETS;

  function current(demand: BucketDemand, nowMs: number): Bucket {
    const bucket = buckets.get(demand.key);
    if (!bucket) return fullBucket(demand.limitPerMinute, nowMs);
    return rescale(refill(bucket, nowMs), demand.limitPerMinute);
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
    async take(demands) {
      const nowMs = Math.floor(clock.monotonicMs());
      const found = demands.map((demand) => current(demand, nowMs));
      const isEnough = demands.every((demand, index) => waitMs(found[index] ?? current(demand, nowMs), demand.tokens) === 0);
      const left = isEnough
        ? demands.map((demand, index) => withdraw(found[index] ?? current(demand, nowMs), demand.tokens))
        : found;
      if (isEnough) for (const [index, bucket] of left.entries()) buckets.set(demands[index]?.key ?? "", bucket);
      prune(nowMs);
      return toTakeOutcome(
        demands,
        isEnough,
        left.map((bucket) => bucket.levelUnits),
      );
    },
    async settle(demands) {
      const nowMs = Math.floor(clock.monotonicMs());
      for (const demand of demands) buckets.set(demand.key, withdraw(current(demand, nowMs), demand.tokens));
    },
    async read(demands) {
      const nowMs = Math.floor(clock.monotonicMs());
      return demands.map((demand) => readBucket(current(demand, nowMs)));
    },
  };
}
