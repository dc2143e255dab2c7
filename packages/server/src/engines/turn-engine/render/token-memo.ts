export type Tokenize = (text: string, options: { readonly special: boolean }) => Promise<readonly number[]>;

/**
 * Remembers tokenizations, so that the next turn of a conversation only tokenizes what is new. Bounded by the characters
 * it holds; what was used longest ago goes first. Calls under way are shared.
 */
export function memoizeTokenize(tokenize: Tokenize, maxCharacters: number): Tokenize {
  const memo = new Map<string, Promise<readonly number[]>>();
  let characters = 0;
  const drop = (key: string): void => {
    if (memo.delete(key)) characters -= key.length;
  };
  return (text, options) => {
    // Half a surrogate pair is no text that a tokenizer can be sent.
    const wellFormed = text.toWellFormed();
    const key = (options.special ? "s" : "t") + wellFormed;
    const known = memo.get(key);
    if (known !== undefined) {
      memo.delete(key);
      memo.set(key, known);
      return known;
    }
    const made = tokenize(wellFormed, options);
    memo.set(key, made);
    characters += key.length;
    made.catch(() => memo.get(key) === made && drop(key));
    for (const oldest of memo.keys()) {
      if (characters <= maxCharacters || oldest === key) break;
      drop(oldest);
    }
    return made;
  };
}
