import { afterAll, beforeAll, expect, test } from "vitest";
import type { Clock } from "../platform/clock.ts";
import type { Storage } from "../storage/storage.ts";
import { openTestStorage, silentLog } from "../storage/testing/test-storage.ts";
import { chooseBucketStore, openBucketStore } from "./open-bucket-store.ts";
import { startRedis } from "./testing/start-redis.ts";

let storage: Storage;
beforeAll(async () => {
  storage = await openTestStorage();
});
afterAll(() => storage.close());

function createSetup() {
  let nowMs = 1_000;
  const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  const advance = (ms: number) => (nowMs += ms);
  return { clock, advance };
}

function telling(lines: string[]) {
  const tell = (_: unknown, message?: string) => void lines.push(message ?? "");
  return { info: tell, warn: tell };
}

test.each(["killed", "frozen"] as const)(
  "Redis %s: takes go on in the database, the limit is granted once more at most, and Redis is used again when it is back",
  async (fault) => {
    await using redis = await startRedis();
    const { clock, advance } = createSetup();
    const kind = "redis";
    const told: string[] = [];
    const log = telling(told);
    const demand = [{ key: `failover-${fault}`, limitPerMinute: 100, tokens: 10 }];
    await using store = await openBucketStore({ kind, redisUrl: redis.url, storage, clock, log });
    const takeAll = async () => {
      let taken = 0;
      for (let attempt = 0; attempt < 30; attempt += 1) if ((await store.take(demand)).taken) taken += 1;
      return taken;
    };
    expect(await takeAll()).toBe(10);
    if (fault === "killed") await redis.kill();
    else redis.signal("SIGSTOP");
    expect(await takeAll()).toBe(10);
    // Neither a refill nor another bucket: a second node without Redis shares the database's.
    await using other = await openBucketStore({ kind: "postgresql", redisUrl: null, storage, clock, log: silentLog });
    expect((await other.take(demand)).taken).toBe(false);
    await store.settle([{ ...demand[0]!, tokens: -20 }]);
    await expect.poll(async () => (await other.read(demand))[0]?.remaining).toBe(20);
    if (fault === "killed") await redis.start();
    else redis.signal("SIGCONT");
    await expect
      .poll(
        async () => {
          advance(1_000);
          await store.read(demand);
          return told;
        },
        { timeout: 20_000 },
      )
      .toContain("limits are kept in Redis again");
    const left = (await store.read(demand))[0]?.remaining ?? 0;
    // A Redis without a disk comes back empty; one that was only frozen remembers what it had granted.
    expect(left < 100).toBe(fault === "frozen");
  },
);

test("a Redis that is away at the start is no reason not to start", async () => {
  const redis = await startRedis();
  await redis.kill();
  await using gone = redis;
  const { clock } = createSetup();
  await using store = await openBucketStore({ kind: "redis", redisUrl: gone.url, storage, clock, log: silentLog });
  expect(await store.take([{ key: "start", limitPerMinute: 10, tokens: 1 }])).toMatchObject({ taken: true });
});

test("settlements that cannot be stored fail no turn", async () => {
  const { clock } = createSetup();
  const warned: string[] = [];
  const log = telling(warned);
  const broken = { ...storage, run: () => Promise.reject(new Error("the database is away")) };
  {
    await using store = await openBucketStore({ kind: "postgresql", redisUrl: null, storage: broken, clock, log });
    await store.settle([{ key: "x", limitPerMinute: 10, tokens: -1 }]);
  }
  expect(warned).toEqual(["limits could not be settled"]);
});

test("many settlements at once arrive whole, each counted once", async () => {
  const { clock } = createSetup();
  const demand = { key: "settlements", limitPerMinute: 100_000, tokens: 0 };
  {
    await using store = await openBucketStore({ kind: "postgresql", redisUrl: null, storage, clock, log: silentLog });
    await store.take([{ ...demand, tokens: 100_000 }]);
    await Promise.all(Array.from({ length: 200 }, () => store.settle([{ ...demand, limitPerMinute: 100_000, tokens: 7 }])));
  }
  await using later = await openBucketStore({ kind: "postgresql", redisUrl: null, storage, clock, log: silentLog });
  // 1,400 owed: 840 ms at 100,000 a minute, and a minute for the rest.
  const outcome = await later.take([{ ...demand, tokens: 100_000 }]);
  expect(outcome).toMatchObject({ taken: false, refusedIndex: 0 });
  expect(outcome.readings[0]?.remaining).toBe(0);
});

test("the store: Redis where one is named, the database where others may share it, else memory", () => {
  expect(chooseBucketStore("auto", { redisUrl: "redis://x", database: "owner" })).toBe("redis");
  expect(chooseBucketStore("auto", { redisUrl: null, database: "server" })).toBe("postgresql");
  expect(chooseBucketStore("auto", { redisUrl: null, database: "owner" })).toBe("memory");
  expect(chooseBucketStore("postgresql", { redisUrl: "redis://x", database: "owner" })).toBe("postgresql");
});

test("a second Parley on one data folder does not keep limits of its own", () => {
  const second = { redisUrl: null, database: "guest" } as const;
  for (const kind of ["auto", "memory"] as const) {
    expect(() => chooseBucketStore(kind, second)).toThrow(
      /another Parley runs on this data folder.* set it to postgresql for both/,
    );
  }
  expect(chooseBucketStore("postgresql", second)).toBe("postgresql");
  expect(chooseBucketStore("auto", { ...second, redisUrl: "redis://x" })).toBe("redis");
});
