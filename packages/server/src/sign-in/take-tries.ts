import type { BucketDemand, BucketStore } from "../limits/bucket-store.ts";
import { fail } from "../platform/fail.ts";

/** Counts a try before its outcome is known: a right guess among many must not be let through faster. */
export async function takeTries(buckets: BucketStore, demands: readonly BucketDemand[]): Promise<void> {
  const outcome = await buckets.take(demands);
  if (outcome.taken) return;
  throw fail("rate_limit_error", {
    public: "Too many tries. Wait a moment and try again.",
    retryAfterSeconds: Math.max(1, Math.ceil(outcome.waitMs / 1_000)),
  });
}
