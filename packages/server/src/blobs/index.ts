export type { BlobFacts, BlobStore, ByteRange } from "./blob-store.ts";
export { openBlobStore } from "./open-blob-store.ts";
