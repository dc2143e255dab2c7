export { type BlobFacts, type BlobStore, type ByteRange, isAbsentBlob } from "./blob-store.ts";
export { openBlobStore } from "./open-blob-store.ts";
export { openBlob } from "./open-blob.ts";
export { type BlobOwner, removeOrphans } from "./remove-orphans.ts";
