import { fail } from "../platform/fail.ts";
import type { BucketDemand, BucketStore } from "./bucket-store.ts";

/** Takes from all of these buckets. Throws `rate_limit_error` with this text, and when to come back, where one of them has too little. */
export async function takeOrRefuse(buckets: BucketStore, demands: readonly BucketDemand[], refusal: string): Promise<void> {
  const outcome = await buckets.take(demands);
  if (outcome.taken) return;
  throw fail("rate_limit_error", {
    public: refusal,
    retryAfterSeconds: Math.max(1, Math.ceil(outcome.waitMs / 1_000)),
  });
}
