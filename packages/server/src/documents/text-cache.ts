import { createHash } from "node:crypto";

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
  // A Map keeps the order of insertion: the first key is the one that was used longest ago.
  const entries = new Map<string, readonly string[]>();
  let characters = 0;

  return {
    async read({ workspaceId, kind, bytes }, read) {
      const key = createHash("sha256")
        .update(JSON.stringify([workspaceId, kind]))
        .update(bytes)
        .digest("base64url");
      const known = entries.get(key);
      if (known) {
        entries.delete(key);
        entries.set(key, known);
        return known;
      }
      const texts = await read();
      if (!entries.has(key)) {
        entries.set(key, texts);
        characters += sizeOf(texts);
      }
      for (const [oldest, text] of entries) {
        if (characters <= charactersMax) break;
        entries.delete(oldest);
        characters -= sizeOf(text);
      }
      return texts;
    },
  };
}

function sizeOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + text.length, 0);
}
