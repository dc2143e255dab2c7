import { type BlobStore, isAbsentBlob } from "./blob-store.ts";

/** The content of a blob; null for one that was deleted since it was listed. */
export async function openBlob(blobs: Pick<BlobStore, "get">, key: string): Promise<AsyncIterable<Buffer> | null> {
  const content = blobs.get(key);
  let first: IteratorResult<Uint8Array, void>;
  try {
    first = await content.next();
  } catch (error) {
    if (isAbsentBlob(error)) return null;
    throw error;
  }
  return (async function* rest() {
    for (let next = first; !next.done; next = await content.next()) yield Buffer.from(next.value);
  })();
}
