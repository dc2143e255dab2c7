import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openFolderBlobStore } from "./folder-blob-store.ts";
import { removeOrphans } from "./remove-orphans.ts";

const DAY_MS = 86_400_000;

async function* bytes() {
  yield Buffer.from("x");
}

test("the store is listed once for all owners, and only what is old and unnamed is removed", async () => {
  const folder = await mkdtemp(join(tmpdir(), "parley-orphans-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const store = await openFolderBlobStore(folder);
  for (const key of ["files/kept", "files/orphan", "batches/a/kept", "batches/a/orphan", "others/orphan"]) {
    await store.put(key, bytes());
  }
  let lists = 0;
  const blobs = {
    delete: (key: string) => store.delete(key),
    list() {
      lists += 1;
      return store.list();
    },
  };
  const owners = ["files/", "batches/"].map((prefix) => ({
    prefix,
    findNamed: async (names: readonly string[]) => new Set(names.filter((name) => name.endsWith("kept"))),
  }));
  const keys = async () => (await Array.fromAsync(store.list(), ({ key }) => key)).toSorted();
  const removeAt = (nowMs: number) => removeOrphans({ blobs, clock: { nowMs: () => nowMs, monotonicMs: () => nowMs }, owners });
  await removeAt(Date.now() + DAY_MS - 60_000);
  expect(await keys()).toHaveLength(5);
  await removeAt(Date.now() + DAY_MS + 60_000);
  expect(await keys()).toEqual(["batches/a/kept", "files/kept", "others/orphan"]);
  expect(lists).toBe(2);
});
