/** What is known of a blob once its last byte is stored. */
export interface BlobFacts {
  readonly sizeBytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

export interface ListedBlob {
  readonly key: string;
  readonly sizeBytes: number;
  readonly writtenAtMs: number;
}

/** Both ends count: `{ start: 0, end: 0 }` is the first byte. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Bytes by key. A key is made for one blob and never used again, so that nothing is overwritten and a deletion can only
 * take what its owner had.
 */
export interface BlobStore {
  /** Stores what `content` yields, durably and whole, or nothing at all. Rejects with whatever `content` throws. */
  put(key: string, content: AsyncIterable<Uint8Array>): Promise<BlobFacts>;
  /** Throws `AbsentBlob` for one that is not there, before its first byte. */
  get(key: string, range?: ByteRange): AsyncGenerator<Uint8Array, void, void>;
  /** Nothing is said of a blob that is gone already. */
  delete(key: string): Promise<void>;
  /** Every blob, in no order; those that nobody's row names are found by it. */
  list(): AsyncGenerator<ListedBlob, void, void>;
}

/** Whoever asks has a row that says it is there: it was deleted meanwhile, or is lost. */
export class AbsentBlob extends Error {
  override readonly name = "AbsentBlob";
}

export function isAbsentBlob(error: unknown): boolean {
  return error instanceof AbsentBlob;
}

/** Letters, digits, `_`, `-` and `/` between them: safe as a path and as an object's name. */
const KEY_PATTERN = /^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/;

export function assertBlobKey(key: string): void {
  if (!KEY_PATTERN.test(key)) throw new Error(`not a blob key: ${key.slice(0, 200)}`);
}
