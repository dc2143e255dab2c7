import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "redis";
import { createKeyCache } from "../../packages/server/src/auth/create-key-cache.ts";
import { chooseTarget, hashOfName } from "../../packages/server/src/engines/router/choose-target.ts";
import { openRedisBucketStore } from "../../packages/server/src/limits/redis-bucket-store.ts";
import { toBucketKey } from "../../packages/server/src/limits/to-bucket-key.ts";
import { systemClock } from "../../packages/server/src/platform/clock.ts";
import { silentLog } from "../../packages/server/src/storage/testing/test-storage.ts";
import { median } from "../support/statistics.ts";
import { keyHash, keyId, organizationId, workspaceId } from "./fill-tenants.ts";
import { cpuMsOf } from "./processor-time.ts";
import type { ServiceTimes } from "./service-times.ts";

const PAGE_BYTES = 8_192;
const SYNCS = 300;
const TAKES = 20_000;
const BUCKETS_OF_A_TAKE = 3;
const TAKES_AT_ONCE = 32;
const TARGETS = [10, 100, 1_000];
const CHOICES = 2_000;
/** As the cache has at most. */
const KEYS_KEPT = 10_000;
const ENGINE_TURNS = 300;
const PLENTY = 1_000_000_000;

/** Until a page of the database's log is on the disk of this folder. */
export function measureSync(folder: string): number {
  const file = openSync(join(folder, "sync"), "w");
  const page = Buffer.alloc(PAGE_BYTES, 1);
  // Its place on the disk is taken first, as that of a log's segment is.
  for (let index = 0; index < SYNCS; index += 1) writeSync(file, page, 0, PAGE_BYTES, index * PAGE_BYTES);
  fdatasyncSync(file);
  const times = Array.from({ length: SYNCS }, (_, index) => {
    writeSync(file, page, 0, PAGE_BYTES, index * PAGE_BYTES);
    const begunMs = performance.now();
    fdatasyncSync(file);
    return performance.now() - begunMs;
  });
  closeSync(file);
  return median(times);
}

/** Takes of three buckets each, of as many organizations as there are takes. */
export async function measureRedis(url: string, pid: number): Promise<ServiceTimes["redis"]> {
  await using store = await openRedisBucketStore({ url, clock: systemClock, log: silentLog });
  const client = createClient({ url });
  await client.connect();
  const usedBytes = async (): Promise<number> => Number(/used_memory:(\d+)/.exec(await client.info("memory"))?.[1]);
  const take = (index: number) =>
    store.take(
      ["requests", "inputTokens", "outputTokens"].map((kind) => ({
        key: toBucketKey(organizationId(index), "haiku", kind as "requests"),
        limitPerMinute: PLENTY,
        tokens: 1,
      })),
    );
  await take(TAKES);
  const before = { bytes: await usedBytes(), cpuMs: cpuMsOf(pid) };
  let next = 0;
  await Promise.all(
    Array.from({ length: TAKES_AT_ONCE }, async () => {
      while (next < TAKES) await take(next++);
    }),
  );
  const cpuMs = cpuMsOf(pid) - before.cpuMs;
  const bytes = (await usedBytes()) - before.bytes;
  client.destroy();
  return { callCpuMs: cpuMs / TAKES, bytesPerBucket: bytes / TAKES / BUCKETS_OF_A_TAKE };
}

/** The choice among so many targets, as each turn makes it. */
export function measureRouter(): ServiceTimes["router"] {
  return TARGETS.map((count) => {
    const targets = Array.from({ length: count }, (_, index) => ({
      nameHash: hashOfName(`engine-${index}/model`),
      weight: 1 + (index % 3),
      outstanding: (index * 7919) % 20_000,
    }));
    const choose = (): number => {
      const begun = process.cpuUsage();
      for (let index = 0; index < CHOICES; index += 1) chooseTarget(targets, () => `["wrkspc_1","session-${index}",null]`);
      const { user, system } = process.cpuUsage(begun);
      return (user + system) / 1_000 / CHOICES;
    };
    choose();
    return { targets: count, chooseMs: median([choose(), choose(), choose()]) };
  });
}

/** What a key that a node knows takes of its memory; needs `--expose-gc`. */
export async function measureKnownKeys(): Promise<Pick<ServiceTimes["node"], "bytesPerKnownKey" | "keysKept">> {
  const collect = globalThis.gc;
  if (collect === undefined) throw new Error("memory is measured with node --expose-gc");
  await using cache = createKeyCache({
    clock: systemClock,
    log: silentLog,
    find: async (hashes) =>
      new Map(
        hashes.map((hash) => {
          const index = Number(/\d+/.exec(hash)?.[0]);
          const key = { id: keyId(index), organizationId: organizationId(index), workspaceId: workspaceId(index) };
          return [hash, { ...key, createdByUserId: null, expiresAtMs: null }];
        }),
      ),
    touch: async () => {},
  });
  await cache.use(keyHash(KEYS_KEPT));
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let index = 0; index < KEYS_KEPT; index += 1) await cache.use(keyHash(index));
  collect();
  return { bytesPerKnownKey: (process.memoryUsage().heapUsed - before) / KEYS_KEPT, keysKept: KEYS_KEPT };
}

/** Half of the turns of the stand-in take longer than this. */
export async function askEngine(url: string): Promise<number> {
  const body = JSON.stringify({ model: "claude-haiku-4-5", max_tokens: 100, messages: [{ role: "user", content: "Hi" }] });
  const turns: number[] = [];
  for (let turn = 0; turn < ENGINE_TURNS; turn += 1) {
    const begunMs = performance.now();
    await (await fetch(`${url}/v1/messages`, { method: "POST", body })).text();
    turns.push(performance.now() - begunMs);
  }
  return median(turns);
}
