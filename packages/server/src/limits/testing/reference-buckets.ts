import type { BucketDemand, TakeOutcome } from "../bucket-store.ts";
import type { BucketReading } from "../token-bucket.ts";

const UNITS = 60_000n;

interface ReferenceBucket {
  limit: bigint;
  level: bigint;
  atMs: bigint;
}

/** The buckets in arbitrary precision and the plainest way, as the model that stores are held against. */
export function createReferenceBuckets() {
  const buckets = new Map<string, ReferenceBucket>();

  function find(key: string, limit: bigint, nowMs: bigint): ReferenceBucket {
    const stored = buckets.get(key);
    if (!stored) return { limit, level: limit * UNITS, atMs: nowMs };
    const gained = stored.level + (nowMs - stored.atMs) * stored.limit;
    const level = gained > stored.limit * UNITS ? stored.limit * UNITS : gained;
    if (stored.limit === limit) return { limit, level, atMs: nowMs };
    const used = (stored.limit * UNITS - level + UNITS / 2n) / UNITS;
    return { limit, level: limit * UNITS - used * UNITS, atMs: nowMs };
  }

  const waitOf = ({ limit, level }: ReferenceBucket, tokens: bigint): number => {
    const needed = (tokens < limit ? tokens : limit) * UNITS - level;
    return needed <= 0n ? 0 : Number((needed + limit - 1n) / limit);
  };

  const readingOf = ({ limit, level }: ReferenceBucket): BucketReading => ({
    limitPerMinute: Number(limit),
    remaining: level <= 0n ? 0 : Number(level / UNITS),
    fullInMs: Number((limit * UNITS - level + limit - 1n) / limit),
  });

  function put(key: string, bucket: ReferenceBucket, tokens: bigint): ReferenceBucket {
    const level = bucket.level - tokens * UNITS;
    const left = { ...bucket, level: level > bucket.limit * UNITS ? bucket.limit * UNITS : level };
    buckets.set(key, left);
    return left;
  }

  /** The store as it stands at a time. */
  function at(nowMs: number) {
    const all = (demands: readonly BucketDemand[]) =>
      demands.map((demand) => find(demand.key, BigInt(demand.limitPerMinute), BigInt(nowMs)));
    return {
      take(demands: readonly BucketDemand[]): TakeOutcome {
        const found = all(demands);
        const waits = found.map((bucket, index) => waitOf(bucket, BigInt(demands[index]!.tokens)));
        const waitMs = Math.max(...waits);
        if (waitMs > 0) return { taken: false, refusedIndex: waits.indexOf(waitMs), waitMs, readings: found.map(readingOf) };
        const readings = demands.map((demand, index) => readingOf(put(demand.key, found[index]!, BigInt(demand.tokens))));
        return { taken: true, readings };
      },
      settle(demands: readonly BucketDemand[]): void {
        for (const [index, bucket] of all(demands).entries()) put(demands[index]!.key, bucket, BigInt(demands[index]!.tokens));
      },
      read: (demands: readonly BucketDemand[]): BucketReading[] => all(demands).map(readingOf),
    };
  }

  return { at };
}
