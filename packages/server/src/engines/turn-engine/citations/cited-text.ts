import type { TurnEvent } from "../../../turn/turn-event.ts";
import type { BlockWriter } from "../block-writer.ts";
import type { Citer } from "./create-citer.ts";
import { isInSource, type Passage } from "./list-passages.ts";
import { toSentences } from "./sentences.ts";

interface Piece {
  readonly text: string;
  readonly candidates: readonly Passage[];
}

/**
 * Writes a reply's text sentence by sentence: one that rests on a passage becomes a block of its own with its citation.
 * A sentence is held back until it is complete, for its block has to begin with it.
 */
export class CitedText {
  readonly #writer: BlockWriter;
  readonly #citer: Citer;
  /** Whether a caller decides between several passages; else the best one is taken. */
  readonly #asks: boolean;
  #held = "";
  /** What belongs to the next sentence. */
  #before = "";
  readonly #pieces: Piece[] = [];

  constructor(writer: BlockWriter, citer: Citer, options: { readonly asks: boolean }) {
    this.#writer = writer;
    this.#citer = citer;
    this.#asks = options.asks;
  }

  /** The sentence that waits for a decision between several passages. */
  get undecided(): Piece | null {
    const [first] = this.#pieces;
    return first && first.candidates.length > 1 ? first : null;
  }

  *text(text: string): Generator<TurnEvent, void, void> {
    const sentences = toSentences(this.#held + text);
    this.#held = sentences.pop() ?? "";
    for (const sentence of sentences) yield* this.#add(sentence);
  }

  /** The text is over, or a call comes: the sentence that was begun is one. */
  *finish(): Generator<TurnEvent, void, void> {
    const rest = this.#before + this.#held;
    this.#held = "";
    this.#before = "";
    // White space alone is no block.
    if (rest.trim() !== "" || this.#writer.open === "text") yield* this.#queue(rest);
  }

  /** Writes the undecided sentence with the passage that was chosen, and all up to the next undecided one. */
  *decide(choice: Passage | null): Generator<TurnEvent, void, void> {
    const piece = this.#pieces.shift();
    if (piece) yield* this.#write(piece.text, choice);
    yield* this.#writeDecided();
  }

  *#add(text: string): Generator<TurnEvent, void, void> {
    // An empty line or a list's number says nothing by itself.
    if (!/\p{L}/u.test(text)) {
      this.#before += text;
      return;
    }
    const whole = this.#before + text;
    this.#before = "";
    yield* this.#queue(whole);
  }

  *#queue(text: string): Generator<TurnEvent, void, void> {
    if (text === "") return;
    this.#pieces.push({ text, candidates: this.#citer.find(text) });
    yield* this.#writeDecided();
  }

  *#writeDecided(): Generator<TurnEvent, void, void> {
    while (this.#pieces.length > 0 && !(this.#asks && this.undecided)) {
      const piece = this.#pieces.shift();
      if (piece) yield* this.#write(piece.text, piece.candidates[0] ?? null);
    }
  }

  *#write(text: string, passage: Passage | null): Generator<TurnEvent, void, void> {
    if (passage !== null && isInSource(passage)) yield* this.#writer.citedText(text, passage.citation);
    else yield* this.#writer.text(text);
  }
}
