/**
 * The tokens of one reply with the text that they spell, so that decoding can be taken back to a token boundary. A
 * boundary is where a decode event ended: an event may carry several tokens that share one character.
 */
export class OutputLog {
  readonly tokens: number[] = [];
  #text = "";
  readonly #boundaries: { readonly tokens: number; readonly characters: number }[] = [{ tokens: 0, characters: 0 }];

  get text(): string {
    return this.#text;
  }

  append(tokens: readonly number[], text: string): void {
    this.tokens.push(...tokens);
    this.#text += text;
    this.#boundaries.push({ tokens: this.tokens.length, characters: this.#text.length });
  }

  /** What `rewindTo` would return. */
  literalAt(characters: number): string {
    const boundary = this.#boundaries.findLast((each) => each.characters <= characters);
    return this.#text.slice(boundary?.characters ?? 0, characters);
  }

  /**
   * Cuts back to the last boundary at or before `characters` and returns the text between it and `characters`, which
   * the next decode has to write again.
   */
  rewindTo(characters: number): string {
    let last = this.#boundaries.at(-1);
    while (last !== undefined && last.characters > characters) {
      this.#boundaries.pop();
      last = this.#boundaries.at(-1);
    }
    const boundary = last ?? { tokens: 0, characters: 0 };
    const literal = this.#text.slice(boundary.characters, characters);
    this.tokens.length = boundary.tokens;
    this.#text = this.#text.slice(0, boundary.characters);
    return literal;
  }
}
