import { createSizedCache } from "../../../platform/sized-cache.ts";

export type Tokenize = (text: string, options: { readonly special: boolean }) => Promise<readonly number[]>;

export type TokenizeForWorkspace = (
  text: string,
  options: { readonly special: boolean; readonly workspaceId: string },
) => Promise<readonly number[]>;

/**
 * Remembers tokenizations for each workspace apart (the time that a reply takes must not tell of another's text), so that the next turn of a conversation only tokenizes what is new. Bounded by the characters
 * it holds; what was used longest ago goes first. Calls under way are shared.
 */
export function memoizeTokenize(tokenize: Tokenize, maxCharacters: number): TokenizeForWorkspace {
  const memo = createSizedCache<Promise<readonly number[]>>({ maxWeight: maxCharacters, weigh: (_made, key) => key.length });
  return (text, { special, workspaceId }) => {
    // Half a surrogate pair is no text that a tokenizer can be sent.
    const wellFormed = text.toWellFormed();
    const key = `${workspaceId} ${special ? "s" : "t"}${wellFormed}`;
    const known = memo.get(key);
    if (known !== undefined) return known;
    const made = tokenize(wellFormed, { special });
    memo.set(key, made);
    made.catch(() => memo.get(key) === made && memo.delete(key));
    return made;
  };
}
