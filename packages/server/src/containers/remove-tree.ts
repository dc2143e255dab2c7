import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { chmod, open, readdir, rename, rmdir, unlink, type FileHandle } from "node:fs/promises";

/** Of Linux, where sandboxes run: the very folder, whatever its rights, and no link that has taken its place. */
const O_PATH = 0o10000000;
const FOLDER = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** Each round ends a level. A program that is still there and goes on writing is not waited for for ever. */
const ROUNDS_MAX = 10_000;

/**
 * Removes a folder that others could write, and may still write: also what they made unreadable for its owner. Links are removed, never
 * followed, also where one takes a folder's place meanwhile: each folder is held open and named by its descriptor. What stands deep
 * is moved up first, so that no depth needs more than two of them.
 */
export async function removeTree(folder: string): Promise<void> {
  const root = await openFolder(folder);
  if (root === null) return;
  try {
    const top = pathOf(root);
    for (let round = 0; ; round += 1) {
      const names = await readdir(top);
      if (names.length === 0) break;
      if (round === ROUNDS_MAX) throw new Error(`${folder} does not become empty`);
      for (const name of names) await removeOrRaise(`${top}/${name}`, top);
    }
  } finally {
    await root.close();
  }
  await rmdir(folder);
}

/** A file is removed. A folder's files are, and its folders moved up to `top`. */
async function removeOrRaise(path: string, top: string): Promise<void> {
  const folder = await openFolder(path);
  if (folder === null) return removeFile(path);
  try {
    const here = pathOf(folder);
    for (const name of await readdir(here)) {
      const child = `${here}/${name}`;
      const inner = await openFolder(child);
      await inner?.close();
      if (inner === null) await removeFile(child);
      else await rename(child, `${top}/${randomUUID()}`);
    }
  } finally {
    await folder.close();
  }
  await rmdir(path).catch(ignore("ENOTEMPTY", "ENOENT", "ENOTDIR"));
}

/** Null: it is none, or is not there. Its owner may read and write it from now on. */
async function openFolder(path: string): Promise<FileHandle | null> {
  const folder = await open(path, FOLDER).catch(ignore("ENOTDIR", "ELOOP", "ENOENT"));
  if (folder) await chmod(pathOf(folder), 0o700);
  return folder ?? null;
}

async function removeFile(path: string): Promise<void> {
  // A folder that was put in its place is for the next round.
  await unlink(path).catch(ignore("ENOENT", "EISDIR", "EPERM"));
}

const pathOf = ({ fd }: FileHandle): string => `/proc/self/fd/${fd}`;

function ignore(...codes: readonly string[]) {
  return (error: unknown): undefined => {
    if (!codes.includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  };
}
