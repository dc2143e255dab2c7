import type { Clock } from "../platform/clock.ts";
import type { BlobStore } from "./blob-store.ts";

/** Whoever keeps rows that name blobs. */
export interface BlobOwner {
  /** Of the keys of all its blobs, and of no other's. */
  readonly prefix: string;
  /** Those that a row names, by what follows the prefix. */
  findNamed(names: readonly string[]): Promise<ReadonlySet<string>>;
}

/** An upload writes its row minutes after its first byte; a blob of this age without one has none to come. */
const ORPHAN_AGE_MS = 24 * 3_600_000;
const LOOKED_UP_AT_ONCE = 500;

/** Removes the bytes that no row names. The store is listed once for all owners: of an S3 it is paid for by the thousand. */
export async function removeOrphans({
  blobs,
  clock,
  owners,
}: {
  readonly blobs: Pick<BlobStore, "list" | "delete">;
  readonly clock: Clock;
  readonly owners: readonly BlobOwner[];
}): Promise<void> {
  const old = new Map(owners.map((owner): [BlobOwner, string[]] => [owner, []]));
  async function removeUnnamed(owner: BlobOwner, names: string[]): Promise<void> {
    if (names.length === 0) return;
    const named = await owner.findNamed(names);
    for (const name of names) if (!named.has(name)) await blobs.delete(`${owner.prefix}${name}`);
    names.length = 0;
  }
  for await (const { key, writtenAtMs } of blobs.list()) {
    if (clock.nowMs() - writtenAtMs < ORPHAN_AGE_MS) continue;
    for (const [owner, names] of old) {
      if (!key.startsWith(owner.prefix)) continue;
      names.push(key.slice(owner.prefix.length));
      if (names.length === LOOKED_UP_AT_ONCE) await removeUnnamed(owner, names);
    }
  }
  for (const [owner, names] of old) await removeUnnamed(owner, names);
}
