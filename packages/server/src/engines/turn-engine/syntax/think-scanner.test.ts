import fc from "fast-check";
import { expect, test } from "vitest";
import { createThinkScanner } from "./think-scanner.ts";

function split(text: string, cuts: readonly number[], inside = false) {
  const scanner = createThinkScanner({ open: "<think>", close: "</think>", inside });
  const out = { thinking: "", text: "" };
  const ends = [...new Set([...cuts.filter((cut) => cut < text.length), text.length])].toSorted((a, b) => a - b);
  const pieces = ends.map((end, index) => text.slice(ends[index - 1] ?? 0, end));
  for (const piece of [...pieces.flatMap((part) => scanner.push(part)), ...scanner.finish()]) out[piece.type] += piece.text;
  return out;
}

test.each([
  ["thinking, then text", "<think>\nhm\n</think>\n\nHi", false, { thinking: "hm", text: "Hi" }],
  ["no thinking", "Hi <think>x</think>", false, { thinking: "", text: "Hi <think>x</think>" }],
  ["opened by the prompt", "hm</think>Hi", true, { thinking: "hm", text: "Hi" }],
  ["never closed", "<think>hm <b", false, { thinking: "hm <b", text: "" }],
  ["never begun", "<thi", false, { thinking: "", text: "<thi" }],
  ["empty", "<think>\n\n</think>\n\nHi", false, { thinking: "", text: "Hi" }],
  ["a tag later is text", "<think>a</think>b </think> <think>", false, { thinking: "a", text: "b </think> <think>" }],
])("%s", (_name, text, inside, expected) => {
  expect(split(text, [], inside)).toEqual(expected);
  expect(
    split(
      text,
      Array.from(text, (_, index) => index),
      inside,
    ),
  ).toEqual(expected);
});

test("the same however the text is cut", () => {
  const part = fc.constantFrom("<think>", "</think>", "<", "</", "think", " ", "\n", "a", "é");
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 10 }).map((parts) => parts.join("")),
      fc.array(fc.nat(60)),
      fc.boolean(),
      (text, cuts, inside) => {
        expect(split(text, cuts, inside)).toEqual(split(text, [], inside));
      },
    ),
    { numRuns: 500 },
  );
});
