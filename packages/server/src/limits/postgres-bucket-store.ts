import type { Clock } from "../platform/clock.ts";
import { readLimitBuckets, takeFromLimitBuckets, type BucketLevels } from "../storage/limit-buckets.ts";
import type { Storage } from "../storage/storage.ts";
import { toTakeOutcome, type BucketDemand, type BucketStore } from "./bucket-store.ts";
import { createClockWitness } from "./clock-witness.ts";
import { fullBucket, readBucket, refill, rescale } from "./token-bucket.ts";

/** Buckets in the database: shared by every node, and kept across a crash but for its last fraction of a second. */
export function createPostgresBucketStore({ storage, clock }: { readonly storage: Storage; readonly clock: Clock }): BucketStore {
  const witness = createClockWitness(clock);

  async function apply(demands: readonly BucketDemand[], settle: boolean): Promise<BucketLevels> {
    let sentAtMs = 0;
    const levels = await takeFromLimitBuckets(
      storage,
      {
        keys: demands.map((demand) => demand.key),
        limitsPerMinute: demands.map((demand) => demand.limitPerMinute),
        tokens: demands.map((demand) => demand.tokens),
        settle,
      },
      () => {
        sentAtMs = clock.monotonicMs();
        return witness.expect();
      },
    );
    witness.observe({ nowMs: levels.nowMs, version: levels.clockVersion, sentAtMs });
    return levels;
  }

  return {
    async take(demands) {
      const { taken, levelsUnits } = await apply(demands, false);
      return toTakeOutcome(demands, taken, levelsUnits);
    },
    async settle(demands) {
      await apply(demands, true);
    },
    async read(demands) {
      const { nowMs, buckets } = await readLimitBuckets(
        storage,
        demands.map((demand) => demand.key),
      );
      const byKey = new Map(buckets.map((bucket) => [bucket.key, bucket]));
      return demands.map(({ key, limitPerMinute }) => {
        const bucket = byKey.get(key);
        return readBucket(bucket ? rescale(refill(bucket, nowMs), limitPerMinute) : fullBucket(limitPerMinute, nowMs));
      });
    },
  };
}
