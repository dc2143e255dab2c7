import type { Tokenize } from "./token-memo.ts";

/**
 * Keeps text that spells a special token text. Without special parsing llama.cpp leaves out control tokens only; the
 * user-defined ones of a vocabulary (`<tool_call>` of Qwen) it finds in any text. So text is cut within each spelling, and
 * the pieces are tokenized apart.
 */
export function keepSpellingsText(tokenize: Tokenize, spellings: readonly string[]): Tokenize {
  const anySpelling = anyOf(spellings);
  if (anySpelling === null) return tokenize;
  return async (text, options) => {
    if (options.special) return tokenize(text, options);
    const pieces = cutWithin(text, anySpelling);
    if (pieces.length === 1) return tokenize(text, options);
    return (await Promise.all(pieces.map((piece) => tokenize(piece, options)))).flat();
  };
}

/**
 * The same where a text cannot be tokenized in pieces, because the engine does so itself and reads every spelling as its token: a
 * character without width in each keeps it text. `before`: what the text follows, in which nothing is spelled.
 */
export function breakSpellings(text: string, spellings: readonly string[], before: string): string {
  const anySpelling = anyOf(spellings);
  if (anySpelling === null) return text;
  const broken = cutWithin(text, anySpelling).join(NO_WIDTH);
  const longest = Math.max(...spellings.map(({ length }) => length));
  return cutWithin(before.slice(-longest) + broken, anySpelling).length > 1 ? NO_WIDTH + broken : broken;
}

const NO_WIDTH = "\u{200b}";

function anyOf(spellings: readonly string[]): RegExp | null {
  const longestFirst = spellings.filter((spelling) => spelling.length > 1).toSorted((a, b) => b.length - a.length);
  return longestFirst.length === 0 ? null : new RegExp(longestFirst.map((spelling) => RegExp.escape(spelling)).join("|"), "gu");
}

/** Cuts behind the first character of each match; what a cut leaves may spell another. */
function cutWithin(text: string, pattern: RegExp): readonly string[] {
  const pieces: string[] = [];
  let start = 0;
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const cut = match.index + String.fromCodePoint(text.codePointAt(match.index) ?? 0).length;
    pieces.push(text.slice(start, cut));
    start = cut;
    pattern.lastIndex = cut;
  }
  pieces.push(text.slice(start));
  return pieces.filter((piece) => piece !== "");
}
