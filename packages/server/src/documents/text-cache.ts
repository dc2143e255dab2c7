import { createHash } from "node:crypto";
import { createSizedCache, ENTRY_WEIGHT } from "../platform/sized-cache.ts";

/**
 * Texts that were read a moment ago. Clients send a conversation's documents again with each of its turns; a workspace
 * never finds what another's document was read for.
 */
export interface TextCache {
  read(
    what: { readonly workspaceId: string; readonly kind: string; readonly bytes: Uint8Array },
    read: () => Promise<readonly string[]>,
  ): Promise<readonly string[]>;
}

export function createTextCache(charactersMax: number): TextCache {
  const cache = createSizedCache<readonly string[]>({
    maxWeight: charactersMax,
    // A document may be thousands of empty pages.
    weigh: (texts) => ENTRY_WEIGHT + texts.reduce((sum, text) => sum + ENTRY_WEIGHT + text.length, 0),
  });
  return {
    async read({ workspaceId, kind, bytes }, read) {
      const key = createHash("sha256")
        .update(JSON.stringify([workspaceId, kind]))
        .update(bytes)
        .digest("base64url");
      const known = cache.get(key);
      if (known) return known;
      const texts = await read();
      cache.set(key, texts);
      return texts;
    },
  };
}
