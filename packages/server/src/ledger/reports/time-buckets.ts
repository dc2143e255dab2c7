import type { RollupUnit } from "../../storage/usage-rollups.ts";

export type BucketWidth = "1m" | "1h" | "1d";

/** How long a bucket is, which sums answer for it, and how many a page may have. Source: surface.md E. */
export const BUCKET_WIDTHS: Readonly<
  Record<
    BucketWidth,
    { readonly ms: number; readonly unit: RollupUnit; readonly limits: { readonly default: number; readonly max: number } }
  >
> = {
  "1m": { ms: 60_000, unit: "minute", limits: { default: 60, max: 1440 } },
  "1h": { ms: 3_600_000, unit: "hour", limits: { default: 24, max: 168 } },
  "1d": { ms: 86_400_000, unit: "day", limits: { default: 7, max: 31 } },
};

export interface BucketPage {
  readonly width: BucketWidth;
  readonly startingAtMs: number;
  /** Exclusive. */
  readonly endingAtMs: number;
  readonly limit: number;
}

/** The buckets of one page, and where the next page begins; null where none does. Buckets begin at their UTC boundary. */
export function bucketsOf({ width, startingAtMs, endingAtMs, limit }: BucketPage): {
  readonly startsMs: readonly number[];
  readonly nextMs: number | null;
} {
  const { ms } = BUCKET_WIDTHS[width];
  const firstMs = Math.floor(startingAtMs / ms) * ms;
  const count = Math.max(0, Math.min(limit, Math.ceil((endingAtMs - firstMs) / ms)));
  const nextMs = firstMs + count * ms;
  return {
    startsMs: Array.from({ length: count }, (_, index) => firstMs + index * ms),
    nextMs: nextMs < endingAtMs ? nextMs : null,
  };
}

/** RFC 3339 without fractions, as the platform's reports have it. */
export function toTimestamp(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}
