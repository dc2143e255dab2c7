import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openFolderReplayStore } from "./folder-replay-store.ts";
import { createMemoryReplayStore } from "./replay-store.ts";

let nowMs = 1_800_000_000_000;
const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
const limits = { ttlMs: 3_600_000, maxBytes: 40 };

describe("in memory", () => {
  test("an entry lives for an hour after its last use", async () => {
    const store = createMemoryReplayStore(clock, limits);
    store.put("a", [1, 2]);
    nowMs += 3_000_000;
    expect(await store.get("a")).toEqual([1, 2]);
    nowMs += 3_000_000;
    expect(await store.get("a")).toEqual([1, 2]);
    nowMs += 3_600_000;
    expect(await store.get("a")).toBeNull();
  });

  test("what was used longest ago makes room", async () => {
    const store = createMemoryReplayStore(clock, limits);
    store.put("a", [1, 2, 3, 4]);
    store.put("b", [5, 6, 7, 8]);
    await store.get("a");
    store.put("c", [9, 10, 11, 12]);
    expect([await store.get("a"), await store.get("b"), await store.get("c")]).toEqual([[1, 2, 3, 4], null, [9, 10, 11, 12]]);
  });
});

describe("in a folder", () => {
  let folder: string;
  const errors: unknown[] = [];
  const open = () => openFolderReplayStore({ folder, clock, limits, onError: (error) => errors.push(error) });
  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), "parley-replays-")), "replays");
    errors.length = 0;
  });
  afterEach(() => rm(join(folder, ".."), { recursive: true, force: true }));

  test("entries survive a restart, and only their owner may read them", async () => {
    const store = await open();
    store.put("key", [0, 151_645, 4_294_967_295]);
    await store.flush();
    expect(await (await open()).get("key")).toEqual([0, 151_645, 4_294_967_295]);
    expect((await stat(join(folder, "key.tokens"))).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect(errors).toEqual([]);
  });

  test("a restart removes what is too old, too much or half written", async () => {
    const store = await open();
    store.put("old", [1]);
    await store.flush();
    nowMs += 3_600_000;
    store.put("first", [1, 2, 3, 4]);
    await store.flush();
    nowMs += 1000;
    store.put("second", [1, 2, 3, 4]);
    nowMs += 1000;
    store.put("third", [1, 2, 3, 4]);
    await store.flush();
    await writeFile(join(folder, "x.1.part"), "half");
    const again = await open();
    expect(await readdir(folder)).toEqual(["second.tokens", "third.tokens"]);
    expect(await again.get("first")).toBeNull();
    expect(await again.get("third")).toEqual([1, 2, 3, 4]);
  });

  test("a use is noted on disk", async () => {
    const store = await open();
    store.put("key", [1]);
    await store.flush();
    nowMs += 3_000_000;
    expect(await store.get("key")).toEqual([1]);
    await store.flush();
    nowMs += 3_000_000;
    expect(await (await open()).get("key")).toEqual([1]);
  });

  test("a file that cannot be read or written costs a render, nothing else", async () => {
    const store = await open();
    await mkdir(join(folder, "blocked.tokens"));
    store.put("blocked", [1]);
    store.put("torn", [1]);
    await store.flush();
    await writeFile(join(folder, "torn.tokens"), "abc");
    expect(await store.get("blocked")).toEqual([1]);
    expect(await (await open()).get("torn")).toBeNull();
    expect(errors).toHaveLength(2);
  });
});
