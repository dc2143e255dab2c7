import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";

export interface FolderSize {
  readonly bytes: number;
  readonly entries: number;
}

/** What a folder takes on disk, links not followed; counting ends where it is more than `most`. */
export async function measureFolder(folder: string, most: FolderSize): Promise<FolderSize> {
  let bytes = 0;
  let entries = 0;
  const waiting = [folder];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const path = next;
    // Gone meanwhile, or made unreadable by who owns it: it counts as an entry.
    const listing = await opendir(path).catch(() => null);
    if (listing === null) continue;
    for await (const entry of listing) {
      entries += 1;
      const facts = await lstat(join(path, entry.name)).catch(() => null);
      if (facts !== null) bytes += Math.min(facts.blocks * 512, facts.isFile() ? Infinity : 4096);
      if (entry.isDirectory()) waiting.push(join(path, entry.name));
      if (bytes > most.bytes || entries > most.entries) return { bytes, entries };
    }
  }
  return { bytes, entries };
}
