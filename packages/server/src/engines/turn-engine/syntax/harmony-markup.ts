import type { Markup } from "./output-scanner.ts";
import { Reader } from "./reader.ts";

const ENDS = ["<|end|>", "<|return|>", "<|call|>"];

/**
 * Headers of harmony's channels. Text of `final` and `commentary` is text; `analysis` is thinking and is dropped here:
 * where thinking is wanted, a thinking phase has read it before.
 */
export function readHarmonyMarkup(text: string): Markup {
  const reader = new Reader(text);
  if (reader.oneOf(ENDS) !== null) return { kind: "drop", length: reader.at, until: null };
  const started = reader.literal("<|start|>assistant");
  if (reader.literal("<|channel|>")) {
    const channel = reader.run((character) => /\w/u.test(character), 24);
    const rest = channel === null ? null : reader.run((character) => character !== "<" && character !== "\n", 80);
    if (rest !== null && reader.literal("<|message|>")) {
      return { kind: "drop", length: reader.at, until: channel === "analysis" ? "<|end|>" : null };
    }
  } else if (started && !reader.short) {
    return { kind: "drop", length: reader.at, until: null };
  }
  return { kind: reader.short ? "more" : "no" };
}
