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

/** Writes texts one behind the other, in which nothing spells a special token. */
export interface SpellingBreaker {
  /** The next text as it may be written. */
  write(text: string): string;
  /** What comes next does not follow what came before. */
  begin(): void;
}

/**
 * The same where texts cannot be tokenized in pieces, because the engine does so itself and reads every spelling as its token, be it across
 * several of them: a character without width in each keeps it text.
 */
export function createSpellingBreaker(spellings: readonly string[]): SpellingBreaker {
  const anySpelling = anyOf(spellings);
  if (anySpelling === null) return { write: (text) => text, begin() {} };
  const longest = Math.max(...spellings.map(({ length }) => length));
  /** As much of what was written as a spelling may begin in. */
  let before = "";
  return {
    write(text) {
      const broken = cutWithin(text, anySpelling).join(NO_WIDTH);
      const written = cutWithin(before + broken, anySpelling).length > 1 ? NO_WIDTH + broken : broken;
      before = (before + written).slice(-longest);
      return written;
    },
    begin() {
      before = "";
    },
  };
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
