import type { TurnEvent } from "../../turn/turn-event.ts";
import type { BlockWriter } from "./block-writer.ts";
import type { CitedText } from "./citations/cited-text.ts";
import { type ReplyEnding, ending } from "./reply-state.ts";
import { createStopScanner } from "./syntax/stop-scanner.ts";

/**
 * Writes decoded text as text deltas: cut at a stop sequence, without the white space that a model puts in front of an
 * answer, and with white space at its end held back until more text shows that it is not the gap before a tool call.
 */
export class TextSink {
  readonly #writer: BlockWriter;
  readonly #cited: CitedText | null;
  readonly #stop: ReturnType<typeof createStopScanner>;
  #trimStart: boolean;
  #heldSpace = "";
  #matched: string | null = null;

  constructor(
    writer: BlockWriter,
    options: {
      readonly stopSequences: readonly string[];
      readonly trimStart: boolean;
      /** Where the text goes first that is to be cited. */
      readonly cited: CitedText | null;
    },
  ) {
    this.#writer = writer;
    this.#cited = options.cited;
    this.#stop = createStopScanner(options.stopSequences);
    this.#trimStart = options.trimStart;
  }

  /** The stop sequence that ended the text: what is pushed behind it is dropped. */
  get matched(): string | null {
    return this.#matched;
  }

  /** How the reply ends: as its text does, where a stop sequence has ended that. */
  endingOr(end: ReplyEnding): ReplyEnding {
    return this.#matched === null ? end : ending("stop_sequence", { stopSequence: this.#matched, replayable: false });
  }

  *push(text: string): Generator<TurnEvent, void, void> {
    if (this.#matched !== null) return;
    const scanned = this.#stop.push(text);
    yield* this.#write(scanned.text);
    if (scanned.matched === null) return;
    yield* this.finish();
    this.#matched = scanned.matched;
  }

  /** The text is over: writes what was held back. */
  *finish(): Generator<TurnEvent, void, void> {
    yield* this.#write(this.#stop.finish());
    yield* this.#release();
    if (this.#cited) yield* this.#cited.finish();
  }

  /** A tool call follows: what was held back belongs to neither, unless it may have been a stop sequence's beginning. */
  *beforeCall(): Generator<TurnEvent, void, void> {
    yield* this.#write(this.#stop.finish());
    this.#heldSpace = "";
    if (this.#cited) yield* this.#cited.finish();
  }

  *#write(text: string): Generator<TurnEvent, void, void> {
    const wanted = this.#trimStart ? text.trimStart() : text;
    if (wanted === "") return;
    this.#trimStart = false;
    const kept = wanted.trimEnd();
    if (kept === "") {
      this.#heldSpace += wanted;
      return;
    }
    yield* this.#text(this.#heldSpace + kept);
    this.#heldSpace = wanted.slice(kept.length);
  }

  *#release(): Generator<TurnEvent, void, void> {
    const held = this.#heldSpace;
    this.#heldSpace = "";
    // White space alone is no answer; the platform refuses empty text blocks when they come back.
    if (held !== "" && this.#writer.open === "text") yield* this.#text(held);
  }

  #text(text: string): Generator<TurnEvent, void, void> {
    return this.#cited ? this.#cited.text(text) : this.#writer.text(text);
  }
}
