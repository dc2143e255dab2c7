import { type BigIntStats, constants } from "node:fs";
import { lstat, open, opendir, readlink } from "node:fs/promises";
import { join } from "node:path";

/** What tells whether a file is another than before, by its path below the folder. */
export type FolderState = ReadonlyMap<string, string>;

export interface ChangedFile {
  /** Below the folder. */
  readonly path: string;
  readonly sizeBytes: number;
}

/** Of hidden folders nothing is looked at, nor of what Python makes for itself. */
const UNSEEN = /^(\..*|__pycache__)$/;
const ENTRIES_MAX = 20_000;

/** Links are not followed, and nothing but plain files counts. */
export async function readFolderState(folder: string): Promise<FolderState> {
  const state = new Map<string, string>();
  for await (const { path, facts } of plainFiles(folder)) state.set(path, `${facts.ino} ${facts.size} ${facts.ctimeNs}`);
  return state;
}

/** Files that are new or other than before, in the order of their names. */
export async function findChanges(folder: string, before: FolderState): Promise<ChangedFile[]> {
  const changed: ChangedFile[] = [];
  for await (const { path, facts } of plainFiles(folder)) {
    if (before.get(path) !== `${facts.ino} ${facts.size} ${facts.ctimeNs}`) changed.push({ path, sizeBytes: Number(facts.size) });
  }
  return changed.toSorted((one, other) => (one.path < other.path ? -1 : 1));
}

/**
 * A file's bytes. A program may have changed what it was since it was found, and made a link of a folder above it: what is
 * opened must be a plain file, and lie in the folder.
 */
export async function* readPlainFile(folder: string, path: string, maxBytes: number): AsyncGenerator<Uint8Array, void, void> {
  const handle = await open(join(folder, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const facts = await handle.stat();
    const [real, realFolder] = await Promise.all([readlink(`/proc/self/fd/${handle.fd}`), realPath(folder)]);
    if (!facts.isFile() || real !== join(realFolder, path)) throw new Error("what a program left is no plain file");
    let bytes = 0;
    for await (const chunk of handle.createReadStream({ autoClose: false })) {
      bytes += (chunk as Buffer).length;
      if (bytes > maxBytes) throw new Error("what a program left has grown");
      yield chunk as Buffer;
    }
  } finally {
    await handle.close();
  }
}

async function realPath(folder: string): Promise<string> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    return await readlink(`/proc/self/fd/${handle.fd}`);
  } finally {
    await handle.close();
  }
}

async function* plainFiles(folder: string): AsyncGenerator<{ readonly path: string; readonly facts: BigIntStats }, void, void> {
  let entries = 0;
  const waiting = [""];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const below = next;
    const listing = await opendir(join(folder, below)).catch(() => null);
    if (listing === null) continue;
    for await (const entry of listing) {
      entries += 1;
      if (entries > ENTRIES_MAX) return;
      if (UNSEEN.test(entry.name)) continue;
      const path = join(below, entry.name);
      if (entry.isDirectory()) waiting.push(path);
      if (!entry.isFile()) continue;
      const facts = await lstat(join(folder, path), { bigint: true }).catch(() => null);
      if (facts !== null) yield { path, facts };
    }
  }
}
