import { mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openSnapshotStore, type SnapshotStore } from "./snapshot-store.ts";

class TestClock {
  now = 1_000_000;
  nowMs = (): number => this.now;
  monotonicMs = (): number => this.now;
}

const folder = (): Promise<string> => mkdtemp(join(tmpdir(), "parley-snapshots-"));

function add(
  store: SnapshotStore,
  keys: Record<string, number>,
  options: {
    workspaceId?: string;
    tokens?: number;
    bytes?: number;
    ttl?: "5m" | "1h";
    contained?: string[];
    waypoints?: string[];
  } = {},
): Promise<void> {
  const tokens = options.tokens ?? Math.max(...Object.values(keys));
  return store.add({
    workspaceId: options.workspaceId ?? "w1",
    fingerprint: "f",
    entries: Object.entries(keys).map(([key, position]) => ({ key, position, ttl: options.ttl ?? "5m" })),
    contained: options.contained ?? [],
    waypoints: options.waypoints ?? [],
    save: async (file) => {
      await writeFile(file, "kv");
      return { tokens, bytes: options.bytes ?? 10 };
    },
  });
}

test("an entry lives five minutes from its last read, or an hour when asked", async () => {
  const clock = new TestClock();
  const store = await openSnapshotStore({ folder: await folder(), budgetBytes: 1000, clock });
  await add(store, { short: 10 });
  await add(store, { long: 20 }, { ttl: "1h" });
  clock.now += 299_000;
  expect(store.has("short")).toBe(true);
  store.refresh("short", "5m");
  clock.now += 299_000;
  expect(store.has("short")).toBe(true);
  clock.now += 2_000;
  expect(store.has("short")).toBe(false);
  expect(store.open("short")).toBeUndefined();
  expect(store.has("long")).toBe(true);
  await store.sweep();
  expect(store.status()).toMatchObject({ snapshots: 1, entries: 1 });
});

test("entries survive a restart, expired ones and torn folders do not", async () => {
  const clock = new TestClock();
  const place = await folder();
  const first = await openSnapshotStore({ folder: place, budgetBytes: 1000, clock });
  await add(first, { a: 10 });
  await add(first, { b: 10 }, { ttl: "1h" });
  await first.flush();
  await writeFile(join(place, "torn"), "x");
  clock.now += 301_000;
  const second = await openSnapshotStore({ folder: place, budgetBytes: 1000, clock });
  expect(second.has("a")).toBe(false);
  expect(second.has("b")).toBe(true);
  expect(await readdir(place)).toHaveLength(1);
});

test("over the budget the largest workspace loses its least recent snapshot, not the others", async () => {
  const clock = new TestClock();
  const store = await openSnapshotStore({ folder: await folder(), budgetBytes: 100, clock });
  await add(store, { small: 10 }, { workspaceId: "quiet", bytes: 30 });
  clock.now += 1;
  await add(store, { old: 10 }, { workspaceId: "loud", bytes: 40 });
  clock.now += 1;
  await add(store, { new: 10 }, { workspaceId: "loud", bytes: 40 });
  expect(["small", "old", "new"].map((key) => store.has(key))).toEqual([true, false, true]);
});

test("a longer snapshot takes over the entries it contains, and the old file goes", async () => {
  const place = await folder();
  const store = await openSnapshotStore({ folder: place, budgetBytes: 1000, clock: new TestClock() });
  await add(store, { turn1: 1000 });
  await add(store, { turn2: 1500 }, { contained: ["turn1"] });
  expect(store.has("turn1") && store.has("turn2")).toBe(true);
  expect(store.status()).toMatchObject({ snapshots: 1, entries: 2 });
  await add(store, { turn9: 90_000 }, { contained: ["turn1", "turn2"] });
  expect(store.status()).toMatchObject({ snapshots: 2, entries: 3 });
});

test("the snapshot that shares most with a prompt is found, also after a restart, while anything in it lives", async () => {
  const clock = new TestClock();
  const place = await folder();
  const first = await openSnapshotStore({ folder: place, budgetBytes: 1000, clock });
  await add(first, { a: 900 }, { waypoints: ["x1", "x2", "y3"], ttl: "1h" });
  await add(first, { b: 1200 }, { waypoints: ["x1", "x2", "x3", "y4"] });
  await first.flush();
  const store = await openSnapshotStore({ folder: place, budgetBytes: 1000, clock });
  const shared = (names: string[], beyond = 0) => store.openShared(names, beyond)?.shared;
  expect(shared(["x1", "x2", "x3", "x4", "x5"])).toBe(3);
  expect(shared(["x1", "x2", "y3", "y4"])).toBe(3);
  expect(shared(["x1"])).toBe(1);
  expect(shared(["z1", "z2", "z3"])).toBeUndefined();
  expect(shared(["x1", "x2", "x3", "x4"], 3)).toBeUndefined();
  clock.now += 301_000;
  expect(shared(["x1", "x2", "x3", "x4"])).toBe(2);
});

test("a file that is being restored outlives its eviction", async () => {
  const place = await folder();
  const store = await openSnapshotStore({ folder: place, budgetBytes: 1000, clock: new TestClock() });
  await add(store, { a: 10 });
  const opened = store.open("a");
  await opened?.forget();
  expect(store.has("a")).toBe(false);
  expect(await readdir(place)).toHaveLength(1);
  opened?.done();
  await expect.poll(async () => (await readdir(place)).length).toBe(0);
});

test("a save that fails leaves nothing", async () => {
  const place = await folder();
  const store = await openSnapshotStore({ folder: place, budgetBytes: 1000, clock: new TestClock() });
  const save = (): Promise<never> => Promise.reject(new Error("disk full"));
  await expect(
    store.add({ workspaceId: "w", fingerprint: "f", entries: [], contained: [], waypoints: [], save }),
  ).rejects.toThrow("disk full");
  expect(await readdir(place)).toEqual([]);
});

test("a workspace's prefixes are dropped, one that is being restored once that is over, and no other's", async () => {
  const place = await folder();
  const store = await openSnapshotStore({ folder: place, budgetBytes: 1000, clock: new TestClock() });
  await add(store, { a: 10 });
  await add(store, { b: 10 });
  await add(store, { c: 10 }, { workspaceId: "w2" });
  expect(store.workspaces().toSorted()).toEqual(["w1", "w2"]);
  const restoring = store.open("a");
  await store.dropWorkspace("w1");
  expect([store.has("a"), store.has("b"), store.has("c")]).toEqual([false, false, true]);
  expect(await readdir(place)).toHaveLength(2);
  restoring?.done();
  await expect.poll(async () => (await readdir(place)).length).toBe(1);
});
