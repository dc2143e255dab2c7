import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Citable, DocumentBlock, Turn } from "../../../turn/turn.ts";
import { textBlocksOf } from "../testing/text-blocks-of.ts";
import { runScripted } from "../testing/scripted-reply.ts";
import { createCiter } from "./create-citer.ts";
import { isInSource, listPassages } from "./list-passages.ts";

function document(unit: Citable["unit"], texts: readonly string[], over: Partial<DocumentBlock> = {}): DocumentBlock {
  const citable = { unit, index: 0, texts, fileId: null };
  return { type: "document", title: "Tower", context: null, source: null, text: texts.join("\n"), citable, ...over };
}
const turnOf = (...content: readonly DocumentBlock[]): Pick<Turn, "messages"> => ({ messages: [{ role: "user", content }] });

const TOWER = "The tower is 96 metres high. It was built in 1911 by Anna Berg.\nIn 1950 a lift was added.";

describe("a reply over documents", () => {
  test("has a block with its citation for each sentence that rests on one, and plain text for the others", async () => {
    const reply = await runScripted(turnOf(document("characters", [TOWER])), [
      "Good question! The tower was built in 1911. I hope that helps.",
    ]);
    expect(textBlocksOf(reply.events)).toEqual([
      { text: "Good question! ", citations: [] },
      {
        text: "The tower was built in 1911. ",
        citations: [
          {
            type: "char_location",
            citedText: "It was built in 1911 by Anna Berg.",
            documentIndex: 0,
            documentTitle: "Tower",
            fileId: null,
            start: 29,
            end: 63,
          },
        ],
      },
      { text: "I hope that helps.", citations: [] },
    ]);
    expect(TOWER.slice(29, 63)).toBe("It was built in 1911 by Anna Berg.");
    expect(reply.ending.replayable).toBe(true);
  });

  test.each([
    ["page", { type: "page_location", citedText: "A lift was added in 1950.", start: 2, end: 3 }],
    ["block", { type: "content_block_location", citedText: "A lift was added in 1950.", start: 1, end: 2 }],
    [
      "search-result-block",
      { type: "search_result_location", source: "https://example.com/", searchResultIndex: 0, start: 1, end: 2 },
    ],
    [
      "web-search-page",
      {
        type: "web_search_result_location",
        citedText: "A lift was added in 1950.",
        url: "https://example.com/",
        title: "Tower",
        resultIndex: 0,
        start: 0,
        end: 25,
      },
    ],
  ] as const)("cites by %s", async (unit, citation) => {
    const texts = ["The tower is 96 metres high.", "A lift was added in 1950."];
    const reply = await runScripted(turnOf(document(unit, texts, { source: "https://example.com/" })), [
      "The lift was added in 1950.",
    ]);
    expect(textBlocksOf(reply.events)).toMatchObject([{ text: "The lift was added in 1950.", citations: [citation] }]);
  });

  test("says nothing of what stands in no document, of another number, or of one common word", async () => {
    for (const text of ["The tower is 97 metres high.", "Berlin has many parks.", "It is a nice tower.", "Yes."]) {
      const reply = await runScripted(turnOf(document("characters", [TOWER, "A tower.", "A second tower."])), [text]);
      expect(textBlocksOf(reply.events)).toEqual([{ text, citations: [] }]);
    }
  });

  test("asks the model where several passages say it, within a grammar of just these, and takes the question back", async () => {
    const texts = ["The bridge opened in May 1911.", "In May 1911 the bridge opened."];
    const reply = await runScripted(turnOf(document("block", texts)), [
      "The bridge opened in May 1911. It is long.",
      "In May",
      "It is long.",
    ]);
    expect(textBlocksOf(reply.events)).toMatchObject([
      { text: "The bridge opened in May 1911. ", citations: [{ citedText: "In May 1911 the bridge opened." }] },
      { citations: [] },
    ]);
    expect(reply.grammars).toEqual([
      null,
      'root ::= "The bridge opened in May 1911." | "In May 1911 the bridge opened." | "none of these"',
      null,
    ]);
    expect(reply.log).not.toContain("Source of");
  });

  test("cites text before a tool call, too", async () => {
    const tools = [{ name: "look", description: null, inputSchema: { type: "object" }, strict: false, inputExamples: [] }];
    const reply = await runScripted(
      { ...turnOf(document("characters", [TOWER])), tools, toolChoice: { type: "auto", parallel: true } },
      ['The tower was built in 1911. <tool_call>\n{"name": "look", "arguments": {', "}}"],
    );
    expect(textBlocksOf(reply.events)[0]).toMatchObject({ citations: [{ citedText: "It was built in 1911 by Anna Berg." }] });
    expect(reply.ending.stopReason).toBe("tool_use");
  });
});

test("documents inside a tool's result are cited, and none that did not ask for it", () => {
  const [asked, other] = [document("characters", [TOWER]), document("characters", ["Other."])];
  const { citable: _none, ...silent } = other;
  const result = { type: "tool_result", toolUseId: "t", isError: false, content: [asked, silent] } as const;
  const passages = listPassages({ messages: [{ role: "user", content: [result] }] });
  expect(passages.map(({ text }) => text)).toEqual([
    "The tower is 96 metres high.",
    "It was built in 1911 by Anna Berg.",
    "In 1950 a lift was added.",
  ]);
});

test("a line that was only wrapped is no sentence's end", () => {
  const text = "The committee of the harbour has decided at its meeting to\nraise the quay.\nAgenda\nItem two.";
  expect(listPassages(turnOf(document("page", [text]))).map((passage) => passage.text)).toEqual([
    "The committee of the harbour has decided at its meeting to\nraise the quay.",
    "Agenda",
    "Item two.",
  ]);
});

test("whatever the documents and the reply, what is cited stands in the source, and no text is lost", async () => {
  const words = fc.array(
    fc.constantFrom("tower", "1911", "lift", "Berg", ". ", "! ", "\n", "\n\n", "1. ", " ", "höhe", "。", "🗼"),
    {
      maxLength: 40,
    },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(words, { minLength: 1, maxLength: 4 }),
      words,
      fc.constantFrom("characters", "page", "block", "web-search-page"),
      async (texts, said, unit) => {
        const turn = turnOf(
          document(
            unit,
            texts.map((each) => each.join(" ")),
          ),
        );
        const text = said.join(" ");
        const reply = await runScripted(turn, [text, text, text]);
        const blocks = textBlocksOf(reply.events);
        for (const citation of blocks.flatMap(({ citations }) => citations)) {
          expect(texts.map((each) => each.join(" ")).some((each) => each.includes(citation.citedText))).toBe(true);
        }
        // The platform refuses blocks of white space alone when they come back.
        expect(blocks.every((block) => block.text.trim() !== "")).toBe(true);
        for (const passage of createCiter(turn)?.find(text) ?? []) expect(isInSource(passage)).toBe(true);
      },
    ),
    { numRuns: 200 },
  );
});
