import { JsonCursor } from "./json-cursor.ts";

/** Values that a weak model may write before a call's name are read whole; longer ones are no call. */
const LONGEST_VALUE_CHARACTERS = 16_384;

/**
 * Reads the beginning of a text of which more may come. A reading that fails leaves `short` true when more text could
 * still make it succeed, so a decision once taken never depends on where the pieces were cut.
 */
export class Reader {
  readonly text: string;
  at: number;
  short = false;
  /** Set where the text is a call to a tool that was not declared. */
  unknownCall = false;

  constructor(text: string, at = 0) {
    this.text = text;
    this.at = at;
  }

  space(): void {
    while (this.at < this.text.length && isSpace(this.text[this.at] ?? "")) this.at += 1;
  }

  /** The next character, or null where the text has not come yet. */
  peek(): string | null {
    const next = this.text[this.at];
    if (next === undefined) this.short = true;
    return next ?? null;
  }

  literal(expected: string): boolean {
    if (this.text.startsWith(expected, this.at)) {
      this.at += expected.length;
      return true;
    }
    const rest = this.text.slice(this.at);
    if (rest.length < expected.length && expected.startsWith(rest)) this.short = true;
    return false;
  }

  /** The first of `expected` that the text goes on with. None may begin with another. */
  oneOf(expected: Iterable<string>): string | null {
    const before = this.short;
    for (const candidate of expected) {
      if (!this.literal(candidate)) continue;
      this.short = before;
      return candidate;
    }
    return null;
  }

  /** The longest of `expected`; where a longer one may still come, nothing is decided yet. */
  longestOf(expected: Iterable<string>): string | null {
    const start = this.at;
    let best: string | null = null;
    for (const candidate of expected) {
      this.at = start;
      if (this.literal(candidate) && candidate.length > (best?.length ?? -1)) best = candidate;
    }
    this.at = start + (best?.length ?? 0);
    return this.short ? null : best;
  }

  /** A quoted string (either quote) that is one of `allowed`. */
  stringAmong(allowed: Iterable<string>): string | null {
    const quote = this.peek();
    if (quote !== '"' && quote !== "'") return null;
    const quoted = [...allowed].map((word) => `${quote}${word}${quote}`);
    return this.oneOf(quoted)?.slice(1, -1) ?? null;
  }

  /** Any string, number, boolean or null; false when it is none or not complete. */
  scalar(): boolean {
    const next = this.peek();
    return next !== null && next !== "{" && next !== "[" && this.value();
  }

  /** Any JSON value. A number or word is complete only once something follows it. */
  value(): boolean {
    const cursor = new JsonCursor();
    const start = this.at;
    for (let index = start; index < this.text.length; index += 1) {
      const unit = this.text[index] ?? "";
      if (cursor.place === "scalar" && cursor.open.length === 0 && /[\s,}\]]/u.test(unit)) {
        this.at = index;
        return true;
      }
      cursor.push(unit);
      if (cursor.done) {
        this.at = index + 1;
        return true;
      }
      if (index - start > LONGEST_VALUE_CHARACTERS) return false;
    }
    this.short = true;
    return false;
  }

  /** A run of characters that all satisfy `test`; null when the run may still go on. */
  run(test: (character: string) => boolean, longest: number): string | null {
    let end = this.at;
    while (end < this.text.length && end - this.at < longest && test(this.text[end] ?? "")) end += 1;
    if (end === this.text.length) {
      this.short = true;
      return null;
    }
    const run = this.text.slice(this.at, end);
    this.at = end;
    return run;
  }
}

export function isSpace(character: string): boolean {
  return character === " " || character === "\n" || character === "\t" || character === "\r";
}
