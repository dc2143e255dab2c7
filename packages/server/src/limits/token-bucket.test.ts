import fc from "fast-check";
import { expect, test } from "vitest";
import { fullBucket, readBucket, refill, waitMs, withdraw, type Bucket } from "./token-bucket.ts";

const limit = fc.integer({ min: 1, max: 100_000_000 });
const steps = fc.array(
  fc.record({ afterMs: fc.integer({ min: 0, max: 200_000 }), tokens: fc.integer({ min: -1_000_000, max: 1_000_000 }) }),
  { maxLength: 50 },
);

/** The same bucket in arbitrary precision, as the oracle. */
function oracle(limitPerMinute: number, sequence: readonly { afterMs: number; tokens: number }[]): bigint {
  const capacity = BigInt(limitPerMinute) * 60_000n;
  let level = capacity;
  const cap = (units: bigint) => (units > capacity ? capacity : units);
  for (const step of sequence) {
    level = cap(level + BigInt(step.afterMs) * BigInt(limitPerMinute));
    level = cap(level - BigInt(step.tokens) * 60_000n);
  }
  return level;
}

function play(
  limitPerMinute: number,
  sequence: readonly { afterMs: number; tokens: number }[],
): { bucket: Bucket; nowMs: number } {
  let bucket = fullBucket(limitPerMinute, 1_000);
  let nowMs = 1_000;
  for (const step of sequence) {
    nowMs += step.afterMs;
    bucket = withdraw(refill(bucket, nowMs), step.tokens);
  }
  return { bucket, nowMs };
}

test("any sequence of takes, refunds and waits leaves exactly the level of arbitrary-precision arithmetic", () => {
  fc.assert(
    fc.property(limit, steps, (limitPerMinute, sequence) => {
      const { bucket } = play(limitPerMinute, sequence);
      expect(Number.isSafeInteger(bucket.levelUnits)).toBe(true);
      expect(BigInt(bucket.levelUnits)).toBe(oracle(limitPerMinute, sequence));
    }),
    { numRuns: 500 },
  );
});

test("reading in between changes nothing: one long wait equals any split of it", () => {
  fc.assert(
    fc.property(
      limit,
      fc.integer({ min: 0, max: 5_000_000 }),
      fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 20 }),
      (n, used, waits) => {
        const start = withdraw(fullBucket(n, 0), used);
        let split = start;
        let nowMs = 0;
        for (const wait of waits) {
          nowMs += wait;
          split = refill(split, nowMs);
        }
        expect(split.levelUnits).toBe(refill(start, nowMs).levelUnits);
      },
    ),
  );
});

test("the stated wait is exact: at that millisecond it can be taken, one earlier it cannot", () => {
  fc.assert(
    fc.property(limit, steps, fc.integer({ min: 1, max: 1_000_000 }), (limitPerMinute, sequence, tokens) => {
      const { bucket, nowMs } = play(limitPerMinute, sequence);
      const wait = waitMs(bucket, tokens);
      expect(waitMs(refill(bucket, nowMs + wait), tokens)).toBe(0);
      // With nothing to wait for there is no earlier millisecond, and the wait stays 0.
      expect(waitMs(refill(bucket, nowMs + Math.max(0, wait - 1)), tokens)).toBe(Math.min(1, wait));
    }),
    { numRuns: 500 },
  );
});

test("the stated reset is exact: then the bucket is full, one millisecond earlier it is not", () => {
  fc.assert(
    fc.property(limit, steps, (limitPerMinute, sequence) => {
      const { bucket, nowMs } = play(limitPerMinute, sequence);
      const { fullInMs } = readBucket(bucket);
      expect(readBucket(refill(bucket, nowMs + fullInMs)).fullInMs).toBe(0);
      expect(readBucket(refill(bucket, nowMs + Math.max(0, fullInMs - 1))).fullInMs).toBe(Math.min(1, fullInMs));
    }),
    { numRuns: 500 },
  );
});

test("in any minute no more than twice the limit is granted, and one oversized request", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.array(fc.record({ afterMs: fc.integer({ min: 0, max: 3_000 }), tokens: fc.integer({ min: 1, max: 5_000 }) }), {
        maxLength: 200,
      }),
      (limitPerMinute, requests) => {
        let bucket = fullBucket(limitPerMinute, 0);
        let nowMs = 0;
        const granted: { atMs: number; tokens: number }[] = [];
        for (const request of requests) {
          nowMs += request.afterMs;
          bucket = refill(bucket, nowMs);
          if (waitMs(bucket, request.tokens) > 0) continue;
          bucket = withdraw(bucket, request.tokens);
          granted.push({ atMs: nowMs, tokens: request.tokens });
        }
        for (const { atMs } of granted) {
          const inMinute = granted.filter((grant) => grant.atMs >= atMs && grant.atMs < atMs + 60_000);
          const sum = inMinute.reduce((total, grant) => total + grant.tokens, 0);
          const largest = Math.max(...inMinute.map((grant) => grant.tokens));
          expect(sum).toBeLessThanOrEqual(2 * limitPerMinute + Math.max(0, largest - limitPerMinute));
        }
      },
    ),
  );
});

test("a request larger than the bucket runs when it is full, and the debt is paid before the next", () => {
  const bucket = withdraw(fullBucket(1_000, 0), 3_000);
  expect(waitMs(fullBucket(1_000, 0), 3_000)).toBe(0);
  expect(readBucket(bucket)).toEqual({ limitPerMinute: 1_000, remaining: 0, fullInMs: 180_000 });
  expect(waitMs(bucket, 1)).toBe(120_060);
});

test("a clock that steps back neither fills nor drains", () => {
  const bucket = withdraw(fullBucket(60, 10_000), 60);
  expect(refill(bucket, 5_000)).toEqual(bucket);
});
