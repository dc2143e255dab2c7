import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Clock } from "../../platform/clock.ts";
import type { BucketDemand, BucketStore } from "../bucket-store.ts";
import { createReferenceBuckets } from "./reference-buckets.ts";

export interface BucketStoreHarness extends AsyncDisposable {
  /** A store over the same buckets, as another node has it. */
  open(clock: Clock): Promise<BucketStore & Partial<AsyncDisposable>>;
  /** Sets the wall clock that the store reads, where it reads one. */
  setWallMs(atMs: number): Promise<void>;
}

const START_MS = Date.UTC(2026, 10, 21, 12, 0, 0);

/** What every bucket store promises. Times are whole seconds, which is what a faked server clock can show. */
export function testBucketStoreContract(name: string, start: () => Promise<BucketStoreHarness>, runs: number): void {
  describe(`buckets in ${name}`, () => {
    let harness: BucketStoreHarness;
    let wallMs = START_MS;
    let monotonicMs = 1_000;
    const clock: Clock = { nowMs: () => wallMs, monotonicMs: () => monotonicMs };
    let keys = 0;
    const newKey = () => `bucket-${keys++}`;

    beforeAll(async () => {
      harness = await start();
      await harness.setWallMs(wallMs);
    });
    afterAll(() => harness[Symbol.asyncDispose]());

    async function advance(seconds: number): Promise<void> {
      wallMs += seconds * 1_000;
      monotonicMs += seconds * 1_000;
      await harness.setWallMs(wallMs);
    }
    /** Somebody sets the server's clock; no time passes. */
    async function jump(seconds: number): Promise<void> {
      wallMs += seconds * 1_000;
      await harness.setWallMs(wallMs);
    }
    const remaining = async (store: BucketStore, key: string, limitPerMinute: number) =>
      (await store.read([{ key, limitPerMinute, tokens: 0 }]))[0]?.remaining;

    test("any sequence of takes, settlements, waits and changed limits leaves what exact arithmetic leaves", async () => {
      const store = await harness.open(clock);
      const step = fc.record({
        verb: fc.constantFrom("take" as const, "take" as const, "settle" as const, "read" as const),
        demands: fc.uniqueArray(
          fc.record({
            bucket: fc.integer({ min: 0, max: 2 }),
            limitPerMinute: fc.constantFrom(1, 7, 60, 999, 50_000, 100_000_000),
            tokens: fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: -60_000, max: 120_000 })),
          }),
          { minLength: 1, maxLength: 3, selector: (demand) => demand.bucket },
        ),
        waitSeconds: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 90 })),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
          const own = [newKey(), newKey(), newKey()];
          const model = createReferenceBuckets();
          for (const { verb, demands, waitSeconds } of steps) {
            if (waitSeconds > 0) await advance(waitSeconds);
            const asked = demands.map(({ bucket, limitPerMinute, tokens }) => ({
              key: own[bucket] ?? "",
              limitPerMinute,
              tokens,
            }));
            expect(await store[verb](asked)).toEqual(model.at(monotonicMs)[verb](asked));
          }
        }),
        { numRuns: runs, seed: 20_261_121 },
      );
      await store[Symbol.asyncDispose]?.();
    });

    test("all buckets or none: a refused take leaves the others as they were", async () => {
      const store = await harness.open(clock);
      const [a, b] = [newKey(), newKey()];
      await store.take([{ key: b, limitPerMinute: 60, tokens: 60 }]);
      expect(
        await store.take([
          { key: a, limitPerMinute: 100, tokens: 40 },
          { key: b, limitPerMinute: 60, tokens: 3 },
        ]),
      ).toMatchObject({ taken: false, refusedIndex: 1, waitMs: 3_000 });
      expect(await remaining(store, a, 100)).toBe(100);
      await advance(3);
      expect(await store.take([{ key: b, limitPerMinute: 60, tokens: 3 }])).toMatchObject({ taken: true });
      await store[Symbol.asyncDispose]?.();
    });

    test("two nodes share every bucket", async () => {
      const [one, other] = [await harness.open(clock), await harness.open(clock)];
      const key = newKey();
      const demand = { key, limitPerMinute: 100, tokens: 10 };
      const outcomes = await Promise.all(Array.from({ length: 40 }, (_, index) => (index % 2 ? one : other).take([demand])));
      expect(outcomes.filter((outcome) => outcome.taken)).toHaveLength(10);
      await Promise.all([one[Symbol.asyncDispose]?.(), other[Symbol.asyncDispose]?.()]);
    });

    test("takes of the same buckets in opposite orders do not wait for each other for ever", async () => {
      const store = await harness.open(clock);
      const [a, b] = [newKey(), newKey()].map((key) => ({ key, limitPerMinute: 1_000, tokens: 1 })) as [
        BucketDemand,
        BucketDemand,
      ];
      await Promise.all(Array.from({ length: 60 }, (_, index) => store.take(index % 2 ? [a, b] : [b, a])));
      expect(await remaining(store, a.key, 1_000)).toBe(940);
      await store[Symbol.asyncDispose]?.();
    });

    test("a server clock that jumps ahead frees nothing", async () => {
      const store = await harness.open(clock);
      const key = newKey();
      await store.take([{ key, limitPerMinute: 60, tokens: 60 }]);
      await jump(3_600);
      expect(await store.take([{ key, limitPerMinute: 60, tokens: 10 }])).toMatchObject({ taken: false, waitMs: 10_000 });
      await advance(10);
      expect(await store.take([{ key, limitPerMinute: 60, tokens: 10 }])).toMatchObject({ taken: true });
      await store[Symbol.asyncDispose]?.();
    });

    test("a server clock that is set back locks nothing", async () => {
      const store = await harness.open(clock);
      const key = newKey();
      await store.take([{ key, limitPerMinute: 60, tokens: 60 }]);
      await jump(-7_200);
      await advance(20);
      expect(await store.take([{ key, limitPerMinute: 60, tokens: 20 }])).toMatchObject({ taken: true });
      await store[Symbol.asyncDispose]?.();
    });

    test("one node that sees the jump corrects it for all, once", async () => {
      const [one, other] = [await harness.open(clock), await harness.open(clock)];
      const key = newKey();
      const demand = (tokens: number) => [{ key, limitPerMinute: 60, tokens }];
      await one.take(demand(60));
      await other.take(demand(1));
      await jump(1_800);
      await one.take(demand(1));
      await advance(5);
      expect(await other.take(demand(6))).toMatchObject({ taken: false, waitMs: 1_000 });
      expect(await one.take(demand(5))).toMatchObject({ taken: true });
      await Promise.all([one[Symbol.asyncDispose]?.(), other[Symbol.asyncDispose]?.()]);
    });

    test("a clock that was set back while no node ran locks nothing", async () => {
      const before = await harness.open(clock);
      const key = newKey();
      await before.take([{ key, limitPerMinute: 60, tokens: 60 }]);
      await before[Symbol.asyncDispose]?.();
      await jump(-86_400);
      const after = await harness.open(clock);
      expect(await after.take([{ key, limitPerMinute: 60, tokens: 1 }])).toMatchObject({ taken: false, waitMs: 1_000 });
      await after.settle([{ key, limitPerMinute: 60, tokens: 0 }]);
      await advance(2);
      expect(await after.take([{ key, limitPerMinute: 60, tokens: 1 }])).toMatchObject({ taken: true });
      await after[Symbol.asyncDispose]?.();
    });
  });
}
