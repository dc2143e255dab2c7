import type { BucketStore } from "./bucket-store.ts";
import { type EnforcedLimitType, limitKindOf } from "./limit-kinds.ts";
import { toBucketKey } from "./to-bucket-key.ts";
import type { RateLimitEntry } from "./rate-limit-entries.ts";

export interface GaugedLimit {
  readonly type: EnforcedLimitType;
  readonly limitPerMinute: number;
  /** Whole tokens; negative while more is owed than flows in. */
  readonly remaining: number;
  readonly fullInMs: number;
}

/** Looks at an organization's own buckets and takes nothing. */
export interface LimitGauge {
  read(
    organizationId: string,
    entries: readonly RateLimitEntry[],
  ): Promise<readonly (Pick<RateLimitEntry, "id" | "group"> & { readonly limits: readonly GaugedLimit[] })[]>;
}

export function createLimitGauge(store: Pick<BucketStore, "read">): LimitGauge {
  return {
    async read(organizationId, entries) {
      const wanted = entries.flatMap(({ group, limits }) =>
        limits.flatMap(({ type, value }) => {
          const kind = limitKindOf(type);
          return kind === null ? [] : [{ key: toBucketKey(organizationId, group.key, kind), limitPerMinute: value, tokens: 0 }];
        }),
      );
      const readings = new Map((await store.read(wanted)).map((reading, index) => [wanted[index]?.key, reading]));
      return entries.map(({ id, group, limits }) => ({
        id,
        group,
        limits: limits.flatMap(({ type, value }) => {
          const kind = limitKindOf(type);
          const reading = kind === null ? undefined : readings.get(toBucketKey(organizationId, group.key, kind));
          // The queue of batches is no bucket.
          if (!reading || type === "enqueued_batch_requests") return [];
          return [{ type, limitPerMinute: value, remaining: reading.remaining, fullInMs: reading.fullInMs }];
        }),
      }));
    },
  };
}
