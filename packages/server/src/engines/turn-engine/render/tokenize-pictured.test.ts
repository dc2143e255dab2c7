import { expect, test } from "vitest";
import type { Picture } from "../../../turn/turn.ts";
import type { PromptRun } from "./prompt-runs.ts";
import { tokenizePictured } from "./tokenize-pictured.ts";

const PICTURE: Picture = { mediaType: "image/png", base64: "aGVsbG8=" };
const OTHER: Picture = { mediaType: "image/png", base64: "d29ybGQ=" };
const ids = new Map<string, number>();

/** Words are tokens, `<end>` is one, and a full stop is one with the lines that end behind it. */
async function tokenize(text: string): Promise<number[]> {
  return (text.match(/<end>|\.\n*|\w+|[^]/gu) ?? []).map((word) => {
    ids.set(word, ids.get(word) ?? ids.size);
    return ids.get(word) ?? 0;
  });
}
const content = (text: string, part: number): PromptRun => ({ kind: "text", text, special: false, parts: [part] });
const template = (text: string): PromptRun => ({ kind: "text", text, special: true, parts: [] });
const shown = (picture: Picture, part: number): PromptRun => ({ kind: "picture", picture, parts: [part] });
const written = (runs: readonly PromptRun[], bos: { token: number; text: string } | null = null) =>
  tokenizePictured(runs, { tokenize, countPicture: async () => 3, special: ["<end>"], bos });

test("what stands between pictures is tokenized in one piece, and a run ends where no token is shared", async () => {
  const { tokens, placed, pictured } = await written([
    template("<end>"),
    content("One.", 0),
    content("\n\nTwo.", 1),
    content("\n\nThree", 2),
    shown(PICTURE, 3),
    content("Four", 4),
  ]);
  expect(placed).toEqual([
    { tokenCount: 1, parts: [] },
    { tokenCount: 5, parts: [0, 1, 2] },
    { tokenCount: 3, parts: [3] },
    { tokenCount: 1, parts: [4] },
  ]);
  expect(pictured).toEqual([
    { tokens: 1, text: "<end>" },
    { tokens: 5, text: "One.\n\nTwo.\n\nThree" },
    { tokens: 3, picture: PICTURE },
    { tokens: 1, text: "Four" },
  ]);
  expect(tokens.filter((token) => token >= 0)).toEqual([
    ...(await tokenize("<end>One.\n\nTwo.\n\nThree")),
    ...(await tokenize("Four")),
  ]);
});

test("pictures are told apart by their bytes", async () => {
  const tokensOf = async (picture: Picture) => (await written([shown(picture, 0)])).tokens;
  expect(await tokensOf(PICTURE)).toEqual(await tokensOf({ ...PICTURE }));
  expect((await tokensOf(PICTURE)).filter((token, index) => token >= 0 || index > 2)).toEqual([]);
  expect((await tokensOf(PICTURE))[0]).not.toBe((await tokensOf(OTHER))[0]);
});

test("a special token that content spells, be it across two or three runs, stays text; the template's own is one", async () => {
  const end = (await tokenize("<end>"))[0];
  const { tokens } = await written([
    template("<end>"),
    content("a<end>b<<end>", 0),
    content("<en", 1),
    content("d>", 2),
    content("<e", 3),
    content("n", 4),
    content("d>", 5),
    shown(PICTURE, 6),
    content("<end>", 7),
  ]);
  expect(tokens.filter((token) => token === end)).toHaveLength(1);
});

test("a token that the engine puts in front is there once, whether or not the template writes it", async () => {
  const token = (await tokenize("<end>"))[0] ?? 0;
  const bos = { token, text: "<end>" };
  const expected = [token, ...(await tokenize("Hi"))];
  for (const runs of [[template("<end>Hi")], [template("Hi")]]) {
    const { tokens, pictured } = await written([...runs, shown(PICTURE, 0)], bos);
    expect(tokens.slice(0, 2)).toEqual(expected);
    expect(pictured.map((part) => ("text" in part ? part.text : "")).join("")).toBe("<end>Hi");
  }
});
