import { createClient } from "redis";
import { setLimitWallClock } from "../storage/testing/set-limit-wall-clock.ts";
import { openTestStorage } from "../storage/testing/test-storage.ts";
import { createBucketReserve } from "./create-bucket-reserve.ts";
import { createMemoryBucketStore } from "./memory-bucket-store.ts";
import { createPostgresBucketStore } from "./postgres-bucket-store.ts";
import { openRedisBucketStore } from "./redis-bucket-store.ts";
import { startRedis } from "./testing/start-redis.ts";
import { TEST_WALL_CLOCK } from "./testing/test-wall-clock.ts";
import { testBucketStoreContract } from "./testing/test-bucket-store-contract.ts";

const quiet = { warn() {}, info() {} };

testBucketStoreContract(
  "memory",
  async () => {
    let store: ReturnType<typeof createMemoryBucketStore> | undefined;
    return {
      open: async (clock) => (store ??= createMemoryBucketStore({ clock })),
      setWallMs: async () => {},
      async [Symbol.asyncDispose]() {},
    };
  },
  500,
);

testBucketStoreContract(
  "PostgreSQL",
  async () => {
    const storage = await openTestStorage();
    return {
      open: async (clock) => createPostgresBucketStore({ storage, clock }),
      setWallMs: (atMs) => setLimitWallClock(storage, atMs),
      [Symbol.asyncDispose]: () => storage.close(),
    };
  },
  60,
);

testBucketStoreContract(
  "PostgreSQL, behind what is taken ahead",
  async () => {
    const storage = await openTestStorage();
    return {
      async open(clock) {
        const store = createPostgresBucketStore({ storage, clock });
        return createBucketReserve({ store, queue: store, clock, log: quiet });
      },
      setWallMs: (atMs) => setLimitWallClock(storage, atMs),
      [Symbol.asyncDispose]: () => storage.close(),
    };
  },
  60,
);

testBucketStoreContract(
  "Redis",
  async () => {
    const redis = await startRedis();
    const admin = await createClient({ url: redis.url }).connect();
    return {
      open: (clock) => openRedisBucketStore({ url: redis.url, clock, log: quiet, wallClock: TEST_WALL_CLOCK }),
      setWallMs: async (atMs) => void (await admin.set("test-wall", String(atMs))),
      async [Symbol.asyncDispose]() {
        admin.destroy();
        await redis[Symbol.asyncDispose]();
      },
    };
  },
  60,
);
