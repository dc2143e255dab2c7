import { createHash } from "node:crypto";
import type { BlobFacts } from "./blob-store.ts";

/** Passes bytes on and counts and hashes them on the way; `facts` is right once they have ended. */
export function measureBytes(content: AsyncIterable<Uint8Array>): {
  readonly bytes: AsyncGenerator<Uint8Array, void, void>;
  readonly facts: () => BlobFacts;
} {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  async function* measured(): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of content) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      yield chunk;
    }
  }
  return { bytes: measured(), facts: () => ({ sizeBytes, sha256: hash.digest("hex") }) };
}
