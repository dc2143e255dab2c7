/**
 * A token bucket in exact integers. The level is kept in units of 1/60,000 token, because a limit of N a minute is then
 * exactly N units a millisecond: nothing is rounded, however often the bucket is read.
 */

const UNITS_PER_TOKEN = 60_000;

export interface Bucket {
  /** Tokens a minute, and the most that the bucket holds. A positive integer up to 10^11. */
  readonly limitPerMinute: number;
  /** May be negative: what was used beyond the bucket is owed. */
  readonly levelUnits: number;
  readonly updatedAtMs: number;
}

export interface BucketReading {
  readonly limitPerMinute: number;
  /** Whole tokens that can be taken now; 0 while in debt. */
  readonly remaining: number;
  /** Milliseconds until the bucket is full again. */
  readonly fullInMs: number;
}

export function fullBucket(limitPerMinute: number, nowMs: number): Bucket {
  return { limitPerMinute, levelUnits: limitPerMinute * UNITS_PER_TOKEN, updatedAtMs: nowMs };
}

/** The bucket at a later time. Times are whole milliseconds of a clock that does not go back. */
export function refill(bucket: Bucket, nowMs: number): Bucket {
  const elapsedMs = Math.max(0, nowMs - bucket.updatedAtMs);
  if (elapsedMs === 0) return bucket;
  const capacityUnits = bucket.limitPerMinute * UNITS_PER_TOKEN;
  // A full refill takes a minute from empty; capping the time keeps the product an exact integer.
  const missingUnits = capacityUnits - bucket.levelUnits;
  const gainedUnits = Math.min(
    missingUnits,
    Math.min(elapsedMs, Math.ceil(missingUnits / bucket.limitPerMinute)) * bucket.limitPerMinute,
  );
  return { ...bucket, levelUnits: bucket.levelUnits + gainedUnits, updatedAtMs: nowMs };
}

/**
 * Milliseconds until `tokens` can be taken; 0 means now. More than the bucket holds can be taken when it is full, and
 * puts it into debt: otherwise one request larger than a minute's limit could never run.
 */
export function waitMs(bucket: Bucket, tokens: number): number {
  const neededUnits = Math.min(tokens, bucket.limitPerMinute) * UNITS_PER_TOKEN;
  return Math.ceil(Math.max(0, neededUnits - bucket.levelUnits) / bucket.limitPerMinute);
}

/** Takes tokens, or gives them back when negative. Never refuses: see `waitMs`. */
export function withdraw(bucket: Bucket, tokens: number): Bucket {
  const capacityUnits = bucket.limitPerMinute * UNITS_PER_TOKEN;
  return { ...bucket, levelUnits: Math.min(capacityUnits, bucket.levelUnits - tokens * UNITS_PER_TOKEN) };
}

/** The bucket under another limit: what was used stays used, in whole tokens. */
export function rescale(bucket: Bucket, limitPerMinute: number): Bucket {
  if (bucket.limitPerMinute === limitPerMinute) return bucket;
  const usedUnits = bucket.limitPerMinute * UNITS_PER_TOKEN - bucket.levelUnits;
  const usedTokens = Math.floor((usedUnits + UNITS_PER_TOKEN / 2) / UNITS_PER_TOKEN);
  return withdraw(fullBucket(limitPerMinute, bucket.updatedAtMs), usedTokens);
}

export function readBucket(bucket: Bucket): BucketReading {
  const missingUnits = bucket.limitPerMinute * UNITS_PER_TOKEN - bucket.levelUnits;
  return {
    limitPerMinute: bucket.limitPerMinute,
    remaining: Math.max(0, Math.floor(bucket.levelUnits / UNITS_PER_TOKEN)),
    fullInMs: Math.ceil(missingUnits / bucket.limitPerMinute),
  };
}
