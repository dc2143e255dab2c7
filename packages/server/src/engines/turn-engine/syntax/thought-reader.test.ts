import fc from "fast-check";
import { expect, test } from "vitest";
import { thinkingMarkup } from "../render/thinking-markup.ts";
import { ThoughtReader } from "./thought-reader.ts";

const TAGS = thinkingMarkup("hermes").ends;
const CHANNELS = thinkingMarkup("harmony").ends;

function readIn(pieces: readonly string[], ends: readonly string[]) {
  const reader = new ThoughtReader(ends);
  let thinking = "";
  for (const piece of pieces) {
    const read = reader.push(piece);
    thinking += read.thinking;
    if (read.end !== null) return { thinking, end: read.end };
  }
  return { thinking: thinking + reader.finish(), end: null };
}

test.each([
  ["what the tag ends", "\n hm\n</think>\n\nHi", TAGS, { thinking: "hm", end: 5 }],
  ["what never ends", " hm </thin", TAGS, { thinking: "hm </thin", end: null }],
  ["nothing", "\n</think>Hi", TAGS, { thinking: "", end: 1 }],
  ["what a channel ends", "hm<|end|><|start|>assistant", CHANNELS, { thinking: "hm", end: 2 }],
  ["what a channel ends that begins too early", "hm <|channel|>final", CHANNELS, { thinking: "hm", end: 3 }],
])("a thought is %s", (_name, text, ends, expected) => {
  expect(readIn([text], ends)).toEqual(expected);
});

test("a thought is the same however it is cut", () => {
  const part = fc.constantFrom("<think>", "</think>", "<|end|>", "<|", "<", "</", "think", " ", "\n", "a", "é");
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), fc.constantFrom(TAGS, CHANNELS), (parts, ends) => {
      const text = parts.join("");
      const whole = readIn([text], ends);
      expect(readIn(parts, ends)).toEqual(whole);
      expect(readIn(Array.from(text), ends)).toEqual(whole);
      const marks = ends.map((end) => text.indexOf(end)).filter((index) => index >= 0);
      expect(whole.thinking).toBe(text.slice(0, marks.length === 0 ? undefined : Math.min(...marks)).trim());
    }),
    { numRuns: 500 },
  );
});
