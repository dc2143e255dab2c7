import { expect, test } from "vitest";
import { settleRecovered } from "./recover-tokens.ts";

test("a character of three tokens gets the ids of its own tokenization", () => {
  const pieces = [
    { id: 10, piece: [0xf0, 0x9f] },
    { id: 11, piece: [0x98] },
    { id: 12, piece: [0x80] },
  ];
  expect(settleRecovered(pieces, "😀", 12, 3)).toEqual([10, 11, 12]);
});

test("the last token is the one that was decoded, even where the tokenizer would choose another", () => {
  expect(
    settleRecovered(
      [
        { id: 10, piece: [0xf0] },
        { id: 99, piece: [0x9f] },
      ],
      "😀",
      12,
      2,
    ),
  ).toEqual([10, 12]);
});

test("the space that SentencePiece puts in front is no token of the text", () => {
  const pieces = [
    { id: 5, piece: " " },
    { id: 10, piece: [0xe6, 0xbc] },
    { id: 11, piece: [0xa2] },
  ];
  expect(settleRecovered(pieces, "漢", 11, 2)).toEqual([10, 11]);
});

test("where the count differs the ids still spell the text", () => {
  expect(settleRecovered([{ id: 7, piece: "漢" }], "漢", 11, 2)).toEqual([7]);
});
