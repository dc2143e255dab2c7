/** Finds stop sequences in text that arrives in pieces, whatever the pieces' borders. */
export interface StopScanner {
  /**
   * `text` may be shown: it holds neither a stop sequence nor the beginning of one. `matched` names the stop sequence
   * that the text has reached; everything from its first character on is dropped, and nothing may be pushed after it.
   */
  push(text: string): { readonly text: string; readonly matched: string | null };
  /** The text is over: returns what was held back because it could have become a stop sequence. */
  finish(): string;
}

/** The stop sequence that is complete first ends the text; of several that are complete at once, the longest does. */
export function createStopScanner(stopSequences: readonly string[]): StopScanner {
  const window = new StopWindow(stopSequences);
  let held = "";
  return {
    push(text) {
      if (window.idle) return { text, matched: null };
      let index = 0;
      for (; index < text.length; index += 1) {
        const matched = window.push(text[index] ?? "");
        if (matched === null) continue;
        const seen = held + text.slice(0, index + 1);
        held = "";
        return { text: seen.slice(0, seen.length - matched.length), matched };
      }
      const seen = held + text;
      const kept = seen.length - window.pending;
      held = seen.slice(kept);
      return { text: seen.slice(0, kept), matched: null };
    },
    finish() {
      const rest = held;
      held = "";
      window.reset();
      return rest;
    },
  };
}

/** The last characters of a text, compared with stop sequences one character at a time. */
export class StopWindow {
  /** By the last character, longest first: of two that end at one character the longer began earlier, and nothing of it may be shown. */
  readonly #byEnd: ReadonlyMap<string, readonly string[]>;
  readonly #sorted: readonly string[];
  readonly #longest: number;
  #tail = "";

  constructor(stopSequences: readonly string[]) {
    const stops = [...new Set(stopSequences)].filter((stop) => stop !== "").toSorted((a, b) => b.length - a.length);
    this.#byEnd = Map.groupBy(stops, (stop) => stop.at(-1) ?? "");
    this.#longest = stops[0]?.length ?? 0;
    this.#sorted = stops.toSorted();
  }

  get idle(): boolean {
    return this.#sorted.length === 0;
  }

  /** Adds one UTF-16 unit; returns the stop sequence that it completes. */
  push(character: string): string | null {
    this.#tail = (this.#tail + character).slice(-this.#longest);
    return this.#byEnd.get(character)?.find((stop) => this.#tail.endsWith(stop)) ?? null;
  }

  /** Length of the longest end of the text that a stop sequence begins with. */
  get pending(): number {
    for (let length = Math.min(this.#tail.length, this.#longest); length > 0; length -= 1) {
      if (this.#isBeginning(this.#tail.slice(-length))) return length;
    }
    return 0;
  }

  /** Whether a stop sequence begins with `text` and goes on. In the order of strings the first such one follows `text` itself. */
  #isBeginning(text: string): boolean {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sorted[middle] ?? "") <= text) low = middle + 1;
      else high = middle;
    }
    return this.#sorted[low]?.startsWith(text) ?? false;
  }

  reset(): void {
    this.#tail = "";
  }
}
