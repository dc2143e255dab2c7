import { readBucket, waitMs, type BucketReading } from "./token-bucket.ts";

/** One bucket and what is wanted of it. The first demand on a key creates its bucket, full. */
export interface BucketDemand {
  readonly key: string;
  readonly limitPerMinute: number;
  /** Whole tokens; negative gives back. */
  readonly tokens: number;
}

export type TakeOutcome =
  | { readonly taken: true; readonly readings: readonly BucketReading[] }
  /** Nothing was taken. `refusedIndex` is the demand that waits longest, `waitMs` how long. */
  | {
      readonly taken: false;
      readonly refusedIndex: number;
      readonly waitMs: number;
      readonly readings: readonly BucketReading[];
    };

/**
 * Where the buckets live: in this process, or shared between nodes. The demands of one call have different keys; readings
 * come in their order.
 */
export interface BucketStore {
  /** Takes from all buckets or from none, atomically. */
  take(demands: readonly BucketDemand[]): Promise<TakeOutcome>;
  /** Corrects buckets after the fact, into debt if need be. */
  settle(demands: readonly BucketDemand[]): Promise<void>;
  /** The buckets as they stand; of the demands only the key and the limit count. */
  read(demands: readonly BucketDemand[]): Promise<readonly BucketReading[]>;
}

/** What a store's levels mean for the caller. A refused take's levels are those that it found. */
export function toTakeOutcome(demands: readonly BucketDemand[], taken: boolean, levelsUnits: readonly number[]): TakeOutcome {
  const readings = toReadings(demands, levelsUnits);
  if (taken) return { taken, readings };
  const waits = demands.map(({ limitPerMinute, tokens }, index) =>
    waitMs({ limitPerMinute, levelUnits: levelsUnits[index] ?? 0, updatedAtMs: 0 }, tokens),
  );
  const longestMs = Math.max(...waits);
  return { taken, refusedIndex: waits.indexOf(longestMs), waitMs: longestMs, readings };
}

export function toReadings(demands: readonly BucketDemand[], levelsUnits: readonly number[]): BucketReading[] {
  return demands.map(({ limitPerMinute }, index) =>
    readBucket({ limitPerMinute, levelUnits: levelsUnits[index] ?? 0, updatedAtMs: 0 }),
  );
}
