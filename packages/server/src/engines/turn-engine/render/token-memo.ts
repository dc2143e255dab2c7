import { createSizedCache } from "../../../platform/sized-cache.ts";

export type Tokenize = (text: string, options: { readonly special: boolean }) => Promise<readonly number[]>;

/**
 * Remembers tokenizations, so that the next turn of a conversation only tokenizes what is new. Bounded by the characters
 * it holds; what was used longest ago goes first. Calls under way are shared.
 */
export function memoizeTokenize(tokenize: Tokenize, maxCharacters: number): Tokenize {
  const memo = createSizedCache<Promise<readonly number[]>>({ maxWeight: maxCharacters, weigh: (_made, key) => key.length });
  return (text, options) => {
    // Half a surrogate pair is no text that a tokenizer can be sent.
    const wellFormed = text.toWellFormed();
    const key = (options.special ? "s" : "t") + wellFormed;
    const known = memo.get(key);
    if (known !== undefined) return known;
    const made = tokenize(wellFormed, options);
    memo.set(key, made);
    made.catch(() => memo.get(key) === made && memo.delete(key));
    return made;
  };
}
