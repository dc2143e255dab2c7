import { thinkingMarkup } from "../render/thinking-markup.ts";
import type { Markup } from "./output-scanner.ts";
import { Reader } from "./reader.ts";

/** Tokens of the format: what they spell is never text, wherever it stands. */
const TOKENS = ["<|start|>", "<|end|>", "<|return|>", "<|call|>", "<|channel|>", "<|constrain|>", "<|message|>"];
const { ends } = thinkingMarkup("harmony");

/**
 * Headers of harmony's channels. Text of `final` and `commentary` is text. `analysis` is thinking, which a phase of its
 * own has read where it is wanted, and what a call to a tool that there is not would be given is for nobody.
 */
export function readHarmonyMarkup(text: string): Markup {
  const reader = new Reader(text);
  const started = reader.literal("<|start|>assistant");
  const behindStart = reader.at;
  const called = started && reader.literal(" to=") && headerText(reader) !== null;
  if (reader.literal("<|channel|>")) {
    const channel = reader.run((character) => /\w/u.test(character), 24);
    const recipient = channel === null ? null : headerText(reader);
    if (recipient !== null && reader.literal("<|constrain|>")) headerText(reader);
    if (recipient !== null && reader.literal("<|message|>")) {
      const hidden = called || channel === "analysis" || recipient.includes(" to=");
      return { kind: "drop", length: reader.at, until: hidden ? ends : null };
    }
  }
  const token = TOKENS.find((each) => text.startsWith(each));
  if (token === undefined) {
    const begun = new Reader(text);
    begun.oneOf(TOKENS);
    return begun.short ? { kind: "more", isMarkup: text.length > 1 } : { kind: "no" };
  }
  if (reader.short) return { kind: "more", isMarkup: true };
  return { kind: "drop", length: Math.max(behindStart, token.length), until: null };
}

function headerText(reader: Reader): string | null {
  return reader.run((character) => character !== "<" && character !== "\n", 80);
}
