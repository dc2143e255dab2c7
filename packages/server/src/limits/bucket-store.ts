import type { BucketReading } from "./token-bucket.ts";

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

/** Where the buckets live: in this process, or shared between nodes. Readings come in the order of the demands. */
export interface BucketStore {
  /** Takes from all buckets or from none, atomically. */
  take(demands: readonly BucketDemand[]): Promise<TakeOutcome>;
  /** Corrects buckets after the fact, into debt if need be. */
  settle(demands: readonly BucketDemand[]): Promise<void>;
}
