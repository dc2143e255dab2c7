import { afterAll, beforeAll, expect, test } from "vitest";
import type { BlobStore } from "./blob-store.ts";
import { openS3BlobStore } from "./s3-blob-store.ts";
import { startS3Server, type S3TestServer } from "./testing/start-s3-server.ts";
import { testBlobStoreContract } from "./testing/test-blob-store-contract.ts";

let server: S3TestServer;
let store: BlobStore & AsyncDisposable;
beforeAll(async () => {
  server = await startS3Server();
  store = await openS3BlobStore(server.options);
});
afterAll(async () => {
  await store?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

testBlobStoreContract(() => ({ store, drafts: () => server.openUploads() }));

test("two prefixes share a bucket and do not see each other", async () => {
  await using other = await openS3BlobStore({ ...server.options, prefix: "other/" });
  await other.put(
    "files/theirs",
    (async function* () {
      yield Buffer.from("x");
    })(),
  );
  expect(await Array.fromAsync(store.list())).toEqual([]);
  expect(await Array.fromAsync(other.list(), ({ key }) => key)).toEqual(["files/theirs"]);
  await other.delete("files/theirs");
});

test("a bucket that is not there, or a wrong key, fails at the start and says so in the log only", async () => {
  for (const change of [{ bucket: "nobodys-bucket" }, { credentials: { accessKeyId: "x", secretAccessKey: "y" } }]) {
    await expect(openS3BlobStore({ ...server.options, ...change })).rejects.toMatchObject({
      type: "api_error",
      publicMessage: "The server's file storage cannot be used.",
      internal: expect.stringContaining("cannot be reached"),
    });
  }
});
