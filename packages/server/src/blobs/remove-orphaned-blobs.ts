import type { Clock } from "../platform/clock.ts";
import type { BlobStore } from "./blob-store.ts";

/** An upload writes its row minutes after its first byte; a blob of this age without one has none to come. */
const ORPHAN_AGE_MS = 24 * 3_600_000;
const ASKED_AT_ONCE = 500;

/** Removes the blobs below `prefix` that `findNamed` does not know by what follows it. It lists the whole store. */
export async function removeOrphanedBlobs(
  { blobs, clock }: { readonly blobs: BlobStore; readonly clock: Clock },
  prefix: string,
  findNamed: (names: readonly string[]) => Promise<ReadonlySet<string>>,
): Promise<void> {
  let names: string[] = [];
  const removeUnnamed = async (): Promise<void> => {
    const named = await findNamed(names);
    for (const name of names) if (!named.has(name)) await blobs.delete(`${prefix}${name}`);
    names = [];
  };
  for await (const { key, writtenAtMs } of blobs.list()) {
    if (!key.startsWith(prefix) || clock.nowMs() - writtenAtMs < ORPHAN_AGE_MS) continue;
    names.push(key.slice(prefix.length));
    if (names.length === ASKED_AT_ONCE) await removeUnnamed();
  }
  if (names.length > 0) await removeUnnamed();
}
