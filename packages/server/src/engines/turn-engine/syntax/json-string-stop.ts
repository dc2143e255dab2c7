import { JsonCursor } from "./json-cursor.ts";
import { splitUnits } from "./json-cursor.ts";
import { StopWindow } from "./stop-scanner.ts";

/** Finds stop sequences in the string values of a JSON text that arrives in pieces: where a tool input's text is. */
export interface JsonStringStop {
  /**
   * `text` may be shown. At a match it ends with the character in front of the stop sequence, inside the string value:
   * `closeJson` of the whole input then gives the text that ends it.
   */
  push(json: string): { readonly text: string; readonly matched: string | null };
  finish(): string;
}

/** Compares decoded characters, so a stop sequence with a line break matches the escape that JSON writes for it. */
export function createJsonStringStop(stopSequences: readonly string[]): JsonStringStop {
  const window = new StopWindow(stopSequences);
  const cursor = new JsonCursor();
  let held = "";
  /** Where in `held` each of the last decoded characters begins; the window's pending ones are its end. */
  let starts: number[] = [];
  let unitStart = 0;

  return {
    push(json) {
      if (window.idle) return { text: json, matched: null };
      for (const unit of splitUnits(json)) {
        const wasInString = cursor.place === "value-string";
        if (cursor.escape === "") unitStart = held.length;
        held += unit;
        const decoded = cursor.push(unit);
        if (decoded !== null) {
          starts.push(unitStart);
          const matched = window.push(decoded);
          if (matched === null) continue;
          const cut = starts.at(-matched.length) ?? 0;
          const shown = held.slice(0, cut);
          held = "";
          return { text: shown, matched };
        }
        if (wasInString && cursor.place !== "value-string") {
          window.reset();
          starts = [];
        }
      }
      const pending = window.pending;
      // An escape that is not complete may still become the next character of a stop sequence.
      const kept = pending > 0 ? (starts.at(-pending) ?? 0) : cursor.escape === "" ? held.length : unitStart;
      const shown = held.slice(0, kept);
      held = held.slice(kept);
      unitStart -= kept;
      starts = pending > 0 ? starts.slice(-pending).map((start) => start - kept) : [];
      return { text: shown, matched: null };
    },
    finish() {
      const rest = held;
      held = "";
      return rest;
    },
  };
}
