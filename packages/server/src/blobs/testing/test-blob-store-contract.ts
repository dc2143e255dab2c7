import { createHash, randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { AbsentBlob, type BlobStore } from "../blob-store.ts";

/** What every blob store does alike. `drafts` counts what is kept of blobs that are not whole. */
export function testBlobStoreContract(open: () => { readonly store: BlobStore; readonly drafts: () => Promise<number> }): void {
  const MEGABYTE = 1024 * 1024;

  test("a blob comes back byte for byte, with its size and hash, whole or in part", async () => {
    const { store } = open();
    // Over one part of a multipart upload, and no multiple of it.
    const content = randomBytes(9 * MEGABYTE + 7);
    const facts = await store.put("files/whole", chunksOf(content));
    expect(facts).toEqual({ sizeBytes: content.length, sha256: createHash("sha256").update(content).digest("hex") });
    expect((await read(store.get("files/whole"))).equals(content)).toBe(true);
    expect(await read(store.get("files/whole", { start: 0, end: 0 }))).toEqual(content.subarray(0, 1));
    const middle = await read(store.get("files/whole", { start: MEGABYTE - 3, end: 2 * MEGABYTE + 4 }));
    expect(middle.equals(content.subarray(MEGABYTE - 3, 2 * MEGABYTE + 5))).toBe(true);
    await store.delete("files/whole");
  });

  test("an empty blob is a blob", async () => {
    const { store } = open();
    expect((await store.put("files/empty", chunksOf(Buffer.alloc(0)))).sizeBytes).toBe(0);
    expect(await read(store.get("files/empty"))).toHaveLength(0);
    await store.delete("files/empty");
  });

  test("a deleted blob is gone, and deleting it again is no error", async () => {
    const { store } = open();
    await store.put("batches/b1/requests", chunksOf(Buffer.from("x")));
    await store.put("batches/b1/results", chunksOf(Buffer.from("y")));
    await store.delete("batches/b1/requests");
    await store.delete("batches/b1/requests");
    await expect(read(store.get("batches/b1/requests"))).rejects.toThrow(AbsentBlob);
    expect((await read(store.get("batches/b1/results"))).toString()).toBe("y");
    await store.delete("batches/b1/results");
  });

  test("a list names every blob with its size and age", async () => {
    const { store } = open();
    const before = Date.now();
    for (const [index, key] of ["a/1", "a/2", "b"].entries()) await store.put(key, chunksOf(Buffer.alloc(index + 1)));
    const found = await Array.fromAsync(store.list());
    expect(Object.fromEntries(found.map(({ key, sizeBytes }) => [key, sizeBytes]))).toEqual({ "a/1": 1, "a/2": 2, b: 3 });
    // Object stores tell whole seconds.
    for (const { writtenAtMs } of found) expect(Math.abs(writtenAtMs - before)).toBeLessThan(60_000);
    for (const { key } of found) await store.delete(key);
    expect(await Array.fromAsync(store.list())).toEqual([]);
  });

  test.each([1, 20])(
    "content that breaks off after %i MB leaves nothing, and its own error is what is thrown",
    async (megabytes) => {
      const { store, drafts } = open();
      async function* broken() {
        for (let sent = 0; sent < megabytes; sent += 1) yield randomBytes(MEGABYTE);
        throw new Error("the client went away");
      }
      await expect(store.put("files/broken", broken())).rejects.toThrow("the client went away");
      expect(await Array.fromAsync(store.list())).toEqual([]);
      expect(await drafts()).toBe(0);
      await expect(read(store.get("files/broken"))).rejects.toThrow(AbsentBlob);
    },
  );

  test.each(["../x", "/etc/passwd", "a//b", "", "a/..", "a b", "ä"])("%j is no key", async (key) => {
    const { store } = open();
    await expect(store.put(key, chunksOf(Buffer.from("x")))).rejects.toThrow("not a blob key");
    await expect(read(store.get(key))).rejects.toThrow("not a blob key");
    expect(await Array.fromAsync(store.list())).toEqual([]);
  });
}

async function* chunksOf(content: Buffer): AsyncGenerator<Uint8Array, void, void> {
  for (let start = 0; start < content.length; start += 65_536) yield content.subarray(start, start + 65_536);
}

async function read(blob: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(blob));
}
