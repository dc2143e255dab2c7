/** Puts blobs into a folder on a disk that is too small for the second; prints what came of each. Argument: the folder. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../../platform/fail.ts";
import { openFolderBlobStore } from "../folder-blob-store.ts";

const folder = process.argv[2] ?? "";
const store = await openFolderBlobStore(folder);
async function* zeros(megabytes: number) {
  for (let sent = 0; sent < megabytes; sent += 1) yield Buffer.alloc(1024 * 1024);
}
const outcomes: unknown[] = [];
for (const [key, megabytes] of [
  ["files/small", 1],
  ["files/large", 16],
  ["files/after", 1],
] as const) {
  try {
    outcomes.push((await store.put(key, zeros(megabytes))).sizeBytes);
  } catch (error) {
    outcomes.push(error instanceof Failure ? { type: error.type, public: error.publicMessage } : String(error));
  }
}
const kept = await Array.fromAsync(store.list(), ({ key }) => key);
process.stdout.write(JSON.stringify({ outcomes, kept: kept.toSorted(), drafts: await readdir(join(folder, "drafts")) }));
