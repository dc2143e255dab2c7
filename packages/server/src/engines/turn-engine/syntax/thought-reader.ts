import { StopWindow } from "./stop-scanner.ts";

export interface ReadThought {
  /** May be shown. */
  readonly thinking: string;
  /** Where in the whole text the thought's end stands; null: not yet. Nothing may be pushed after it. */
  readonly end: number | null;
}

/** Reads a thought that arrives in pieces, up to what ends it. White space around it is not part of it. */
export class ThoughtReader {
  readonly #window: StopWindow;
  #held = "";
  /** Where `#held` begins in the whole text. */
  #offset = 0;
  #begun = false;

  constructor(ends: readonly string[]) {
    this.#window = new StopWindow(ends);
  }

  push(text: string): ReadThought {
    const before = this.#held.length;
    this.#held += text;
    for (let index = 0; index < text.length; index += 1) {
      const end = this.#window.push(text[index] ?? "");
      if (end === null) continue;
      const length = before + index + 1 - end.length;
      const at = this.#offset + length;
      return { thinking: this.#take(length), end: at };
    }
    return { thinking: this.#take(this.#held.length - this.#window.pending), end: null };
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
}
