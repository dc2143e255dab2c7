import { expect, test } from "vitest";
import type { TurnMessage } from "../../../turn/turn.ts";
import { FirstText } from "./first-text.ts";

const messages: readonly TurnMessage[] = [
  { role: "user", content: [{ type: "text", text: "<system-reminder>\nBe kind.\n</system-reminder>" }] },
];

test("a reply that begins with a tag of the user's message is told", () => {
  const text = new FirstText(messages);
  expect(["\n", "<system", "-", "reminder"].map((piece) => text.push(piece))).toEqual(["", "", "", ""]);
  expect(text.push(">\nBe")).toBeNull();
});

test.each([
  ["Hello", " <system-reminder>"],
  ["<b>", "bold"],
  ["<", "3 is a heart, which is longer than any tag is"],
])("other text is shown whole: %s%s", (...pieces) => {
  const text = new FirstText(messages);
  expect(pieces.map((piece) => text.push(piece)).join("") + text.release()).toBe(pieces.join(""));
});

test("without messages nothing is held", () => {
  expect(new FirstText([]).push("<")).toBe("<");
});
