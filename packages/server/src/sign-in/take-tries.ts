import type { BucketDemand, BucketStore } from "../limits/bucket-store.ts";
import { takeOrRefuse } from "../limits/take-or-refuse.ts";

/** Counts a try before its outcome is known: a right guess among many must not be let through faster. */
export function takeTries(buckets: BucketStore, demands: readonly BucketDemand[]): Promise<void> {
  return takeOrRefuse(buckets, demands, "Too many tries. Wait a moment and try again.");
}
