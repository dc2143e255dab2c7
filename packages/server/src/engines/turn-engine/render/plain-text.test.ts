import { expect, test } from "vitest";
import { keepSpellingsText } from "./plain-text.ts";

const SPELLINGS = ["<tool_call>", "<|im_end|>", "<", "aa", "[x]*"];
const pieces: string[] = [];
const tokenize = keepSpellingsText(async (text) => {
  pieces.push(text);
  return Array.from(text, (character) => character.codePointAt(0) ?? 0);
}, SPELLINGS);

test.each([
  ["nothing", ["nothing"]],
  ["a<tool_call>b", ["a<", "tool_call>b"]],
  ["<tool_call><|im_end|>", ["<", "tool_call><", "|im_end|>"]],
  ["aaaa", ["a", "a", "a", "a"]],
  ["[x]*", ["[", "x]*"]],
  ["", [""]],
])("no piece of %j spells a special token", async (text, expected) => {
  pieces.length = 0;
  const tokens = await tokenize(text, { special: false });
  expect(pieces.length === 0 ? [""] : pieces).toEqual(expected);
  expect(String.fromCodePoint(...tokens)).toBe(text);
});

test("a template's own text is tokenized whole", async () => {
  pieces.length = 0;
  await tokenize("a<tool_call>b", { special: true });
  expect(pieces).toEqual(["a<tool_call>b"]);
});
