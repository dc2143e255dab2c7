import type { ThinkingMarkup } from "../render/thinking-markup.ts";
import type { Markup, ReadMarkup } from "./output-scanner.ts";
import { Reader } from "./reader.ts";
import type { Thoughts } from "./tool-syntax.ts";

const NONE: Markup = { kind: "no" };

/**
 * Thinking tags outside of a thinking phase. A thought that the model opens at the beginning of a line is no text, nor is
 * an end that it writes once more. In code, behind a quote, or opened within a line, tags are what the answer is about.
 */
export function createTagReader({ open, ends }: ThinkingMarkup, thoughts: Thoughts): ReadMarkup | undefined {
  if (thoughts === "text") return undefined;
  const tag = open.trim();
  return (text, context) => {
    if (context.inFence || context.isQuoted) return NONE;
    const reader = new Reader(text);
    if (context.isLineStart && reader.literal(tag)) {
      return { kind: "drop", length: reader.at, until: ends, reported: thoughts === "close" };
    }
    if (reader.oneOf(ends) !== null) return { kind: "drop", length: reader.at, until: null };
    return reader.short ? { kind: "more", isMarkup: false } : NONE;
  };
}
