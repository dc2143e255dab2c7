import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { BlobStore } from "./blob-store.ts";
import { openFolderBlobStore } from "./folder-blob-store.ts";
import { testBlobStoreContract } from "./testing/test-blob-store-contract.ts";

async function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "parley-blobs-"));
}

describe("blobs in a folder", () => {
  let folder: string;
  let store: BlobStore;
  beforeAll(async () => {
    folder = await temporaryFolder();
    store = await openFolderBlobStore(folder);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  testBlobStoreContract(() => ({ store, drafts: async () => (await readdir(join(folder, "drafts"))).length }));
});

async function* bytes(text: string) {
  yield Buffer.from(text);
}

test("only the owner of the server reads blobs", async () => {
  const folder = await temporaryFolder();
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const store = await openFolderBlobStore(join(folder, "b"));
  await store.put("files/x", bytes("x"));
  for (const path of ["b/blobs", "b/drafts", "b/blobs/files"]) expect((await stat(join(folder, path))).mode & 0o077).toBe(0);
  expect((await stat(join(folder, "b/blobs/files/x"))).mode & 0o077).toBe(0);
});

test("the drafts of a killed process are removed at the next start, those of a running one are not", async () => {
  const folder = await temporaryFolder();
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, "drafts"));
  await writeFile(join(folder, "drafts/old"), "half");
  await writeFile(join(folder, "drafts/new"), "half");
  const twoDaysAgo = new Date(Date.now() - 2 * 86_400_000);
  await utimes(join(folder, "drafts/old"), twoDaysAgo, twoDaysAgo);
  await openFolderBlobStore(folder);
  expect(await readdir(join(folder, "drafts"))).toEqual(["new"]);
});

test("a full disk is told as api_error and leaves nothing of the blob", async () => {
  const folder = await temporaryFolder();
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const fixture = join(import.meta.dirname, "__fixtures__/fill-disk.ts");
  // A real disk of 8 MB that only the child sees.
  const script = `mount -t tmpfs -o size=8m tmpfs "$1" && exec "$2" --conditions=source "$3" "$1"`;
  const { stdout } = await promisify(execFile)("unshare", [
    "--user",
    "--map-root-user",
    "--mount",
    "sh",
    "-c",
    script,
    "sh",
    folder,
    process.execPath,
    fixture,
  ]);
  expect(JSON.parse(stdout)).toEqual({
    outcomes: [1024 * 1024, { type: "api_error", public: "The server's file storage is full." }, 1024 * 1024],
    kept: ["files/after", "files/small"],
    drafts: [],
  });
});

test("a name appears only with its whole content", async () => {
  const folder = await temporaryFolder();
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const store = await openFolderBlobStore(folder);
  const path = join(folder, "blobs/files/slow");
  async function* slow() {
    yield Buffer.from("first ");
    await expect(stat(path)).rejects.toThrow("ENOENT");
    yield Buffer.from("last");
  }
  await store.put("files/slow", slow());
  expect(await readFile(path, "utf8")).toBe("first last");
});

test("blobs that are put while the last other one of their folder is deleted are kept", async () => {
  const folder = await temporaryFolder();
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const store = await openFolderBlobStore(folder);
  async function* one() {
    yield Buffer.from("x");
  }
  const comeAndGo = async (key: string): Promise<void> => {
    for (let round = 0; round < 150; round += 1) {
      await store.put(key, one());
      await store.delete(key);
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, index) => comeAndGo(`files/${index}`)));
  expect(await Array.fromAsync(store.list())).toEqual([]);
});
