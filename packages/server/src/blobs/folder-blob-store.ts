import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { fail } from "../platform/fail.ts";
import { newId } from "../platform/ids.ts";
import { AbsentBlob, assertBlobKey, type BlobStore } from "./blob-store.ts";
import { measureBytes } from "./measure-bytes.ts";

/** Drafts are here until they are whole; what a killed process left is removed at the next start. */
const DRAFTS = "drafts";
const BLOBS = "blobs";

/** Blobs as files below one folder. Every node that shares the folder sees the same blobs. */
export async function openFolderBlobStore(folder: string): Promise<BlobStore> {
  const drafts = join(folder, DRAFTS);
  const blobs = join(folder, BLOBS);
  await mkdir(drafts, { recursive: true, mode: 0o700 });
  await mkdir(blobs, { recursive: true, mode: 0o700 });
  await removeOldDrafts(drafts);
  const pathOf = (key: string): string => {
    assertBlobKey(key);
    return join(blobs, ...key.split("/"));
  };

  return {
    async put(key, content) {
      const path = pathOf(key);
      const draft = join(drafts, newId("blob"));
      const { bytes, facts } = measureBytes(content);
      try {
        // `flush`: the bytes are on the disk before the name is.
        await pipeline(bytes, createWriteStream(draft, { flags: "wx", mode: 0o600, flush: true }));
        const made = await moveInto(path, draft);
        await syncFolder(dirname(path));
        // A folder that is new is only as lasting as its name in the one above.
        const top = made === undefined ? dirname(path) : dirname(made);
        for (let above = dirname(path); above !== top; above = dirname(above)) await syncFolder(dirname(above));
      } catch (error) {
        await rm(draft, { force: true });
        throw toFailure(error);
      }
      return facts();
    },

    async *get(key, range) {
      const stream = createReadStream(pathOf(key), { highWaterMark: 256 * 1024, ...range });
      try {
        for await (const chunk of stream) yield chunk as Buffer;
      } catch (error) {
        if (error instanceof Error && "code" in error && error.code === "ENOENT") throw new AbsentBlob(key, { cause: error });
        throw toFailure(error);
      } finally {
        stream.destroy();
      }
    },

    async delete(key) {
      const path = pathOf(key);
      await rm(path, { force: true });
      // A folder that still holds something, or is gone, stays as it is.
      if (key.includes("/")) await rmdir(dirname(path)).catch(() => {});
    },

    async *list() {
      for (const entry of await readdir(blobs, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const path = join(entry.parentPath, entry.name);
        const found = await stat(path).catch(() => null);
        if (!found) continue;
        yield { key: relative(blobs, path).split(sep).join("/"), sizeBytes: found.size, writtenAtMs: found.mtimeMs };
      }
    },
  };
}

const DRAFT_MAX_AGE_MS = 24 * 3_600_000;

/** Only old ones: another node may be writing its own in the same folder. */
async function removeOldDrafts(drafts: string): Promise<void> {
  for (const name of await readdir(drafts)) {
    const path = join(drafts, name);
    const found = await stat(path).catch(() => null);
    if (found && Date.now() - found.mtimeMs > DRAFT_MAX_AGE_MS) await rm(path, { force: true });
  }
}

const MOVE_TRIES = 10;

/**
 * Gives back the topmost folder that had to be made. A deletion may take the empty folder away after it was made, and before
 * anything is in it.
 */
async function moveInto(path: string, draft: string): Promise<string | undefined> {
  let made: string | undefined;
  for (let tries = 1; ; tries += 1) {
    try {
      made = (await mkdir(dirname(path), { recursive: true, mode: 0o700 })) ?? made;
      await rename(draft, path);
      return made;
    } catch (error) {
      if (tries === MOVE_TRIES || !(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    }
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** What the disk refuses; what the content itself threw goes on as it came. */
function toFailure(error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error) || !("syscall" in error)) return error;
  const isFull = error.code === "ENOSPC" || error.code === "EDQUOT";
  return fail("api_error", {
    public: isFull ? "The server's file storage is full." : "The server's file storage cannot be used.",
    internal: error.message,
  });
}
