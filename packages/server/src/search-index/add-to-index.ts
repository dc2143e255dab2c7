import { createHash } from "node:crypto";
import type { Clock } from "../platform/clock.ts";
import { putSearchDocument, readSearchHashes, removeSearchDocument } from "../storage/search-index.ts";
import type { Storage } from "../storage/storage.ts";
import { listDocuments, toDocumentUrl } from "./list-documents.ts";
import { formatOf, type ReadDocument, readDocument } from "./read-document.ts";

export interface AddToIndexOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  /** Of PostgreSQL's text search. */
  readonly language: string;
  /** A file or a folder. */
  readonly path: string;
  readonly collection: string;
  /** Below which the documents can be read; null where they cannot. */
  readonly baseUrl: string | null;
  readonly signal: AbortSignal;
  readonly onSkipped: (name: string, why: string) => void;
}

export interface AddedToIndex {
  readonly written: number;
  readonly unchanged: number;
  readonly removed: number;
  readonly skipped: number;
}

/** Makes a collection what the folder is now: what has changed is written, what is gone is removed, the rest is left. */
export async function addToIndex(options: AddToIndexOptions): Promise<AddedToIndex> {
  const { storage, clock, language, path, collection, baseUrl, signal, onSkipped } = options;
  const known = await readSearchHashes(storage, collection);
  const seen = new Set<string>();
  const count = { written: 0, unchanged: 0, removed: 0, skipped: 0 };
  const skip = (name: string, why: string): void => {
    count.skipped += 1;
    onSkipped(name, why);
  };
  for (const file of await listDocuments(path)) {
    signal.throwIfAborted();
    const format = formatOf(file.path);
    if (format === null) {
      skip(file.name, "neither text, Markdown, HTML nor PDF");
      continue;
    }
    const url = toDocumentUrl(baseUrl, collection, file.name);
    let document: ReadDocument;
    try {
      document = await readDocument(file.path, format, signal);
    } catch (error) {
      signal.throwIfAborted();
      // What cannot be read now is not known to be gone.
      seen.add(url);
      skip(file.name, error instanceof Error ? error.message : String(error));
      continue;
    }
    if (document.passages.length === 0) {
      skip(file.name, "it holds no text");
      continue;
    }
    seen.add(url);
    const sha256 = createHash("sha256")
      .update(JSON.stringify([language, document]))
      .digest("hex");
    if (known.get(url) === sha256) {
      count.unchanged += 1;
      continue;
    }
    const { title, passages } = document;
    await putSearchDocument(storage, { url, collection, title, sha256, addedAt: new Date(clock.nowMs()) }, passages, language);
    count.written += 1;
  }
  for (const url of known.keys()) {
    if (seen.has(url)) continue;
    await removeSearchDocument(storage, url);
    count.removed += 1;
  }
  return count;
}
