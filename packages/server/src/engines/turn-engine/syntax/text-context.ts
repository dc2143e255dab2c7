import { isSpace } from "./reader.ts";

const QUOTES = "`\"'“‘«";

/** Where in a text the next character stands: what tells a call from JSON and code that the answer talks about. */
export class TextContext {
  /** Backticks of the fence around; 0 outside one. */
  #fenceTicks = 0;
  #blankLine = true;
  /** The last two characters that are not white space. */
  #last = "";
  #beforeLast = "";
  /** The last character, white space too. */
  #previous = "";

  get inFence(): boolean {
    return this.#fenceTicks > 0;
  }

  /** Nothing but white space stands in front on this line. */
  get isLineStart(): boolean {
    return this.#blankLine;
  }

  /** A quote or a backtick stands right in front. */
  get isQuoted(): boolean {
    return this.#previous !== "" && QUOTES.includes(this.#previous);
  }

  /** Whether a call may begin with this character here. */
  mayOpen(character: string): boolean {
    switch (character) {
      case "<":
        // Inside a fence only a tag on a line of its own: the model forgot to close the fence.
        return !this.inFence || this.#blankLine;
      case "`":
        return !this.inFence;
      case "{":
      case "[":
        return !this.inFence && !this.#isNested();
      default:
        return false;
    }
  }

  /** Takes note of a character that is text; `tickRun` is the length of the run of backticks that begins with it. */
  add(character: string, tickRun: number): void {
    this.#previous = character;
    if (tickRun >= 3 && this.#blankLine) {
      if (!this.inFence) this.#fenceTicks = tickRun;
      else if (tickRun >= this.#fenceTicks) this.#fenceTicks = 0;
    }
    if (character === "\n") this.#blankLine = true;
    if (isSpace(character)) return;
    this.#blankLine = false;
    this.#beforeLast = this.#last;
    this.#last = character;
  }

  /** A value within other JSON, or an argument in code, is not the beginning of a call. */
  #isNested(): boolean {
    switch (this.#last) {
      case "(":
      case "[":
        return true;
      case ":":
        return this.#beforeLast === '"' || this.#beforeLast === "'";
      case ",":
        return /["'}\]\d]/u.test(this.#beforeLast);
      default:
        return false;
    }
  }
}
