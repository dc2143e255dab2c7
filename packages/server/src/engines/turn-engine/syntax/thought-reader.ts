export interface ReadThought {
  /** May be shown. */
  readonly thinking: string;
  /** Where in the whole text the thought's end stands; null: not yet. Nothing may be pushed after it. */
  readonly end: number | null;
}

/** Reads a thought that arrives in pieces, up to what ends it. White space around it is not part of it. */
export class ThoughtReader {
  readonly #ends: readonly string[];
  #held = "";
  /** Where `#held` begins in the whole text. */
  #offset = 0;
  #begun = false;

  constructor(ends: readonly string[]) {
    this.#ends = ends;
  }

  push(text: string): ReadThought {
    this.#held += text;
    const found = this.#ends.map((end) => this.#held.indexOf(end)).filter((index) => index >= 0);
    if (found.length === 0) return { thinking: this.#take(this.#held.length - this.#pending()), end: null };
    const length = Math.min(...found);
    const end = this.#offset + length;
    return { thinking: this.#take(length), end };
  }

  /** The text is over: what was held back because it could have become the end. */
  finish(): string {
    return this.#take(this.#held.length);
  }

  /** Takes the first `length` characters but for white space at their end. */
  #take(length: number): string {
    const taken = this.#held.slice(0, length).trimEnd();
    this.#held = this.#held.slice(taken.length);
    this.#offset += taken.length;
    const shown = this.#begun ? taken : taken.trimStart();
    if (shown !== "") this.#begun = true;
    return shown;
  }

  /** Length of the longest end of what is held with which an end of the thought may begin. */
  #pending(): number {
    const longest = Math.max(0, ...this.#ends.map((end) => end.length - 1));
    for (let length = Math.min(this.#held.length, longest); length > 0; length -= 1) {
      const tail = this.#held.slice(-length);
      if (this.#ends.some((end) => end.length > length && end.startsWith(tail))) return length;
    }
    return 0;
  }
}
