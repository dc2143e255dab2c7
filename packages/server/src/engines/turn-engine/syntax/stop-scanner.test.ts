import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { closeJson } from "./close-json.ts";
import { createJsonStringStop } from "./json-string-stop.ts";
import { createStopScanner } from "./stop-scanner.ts";

const pieces = (text: string, cuts: readonly number[]): readonly string[] => {
  const ends = [...new Set([...cuts, text.length])].toSorted((a, b) => a - b);
  return ends.map((end, index) => text.slice(ends[index - 1] ?? 0, end));
};

function stopWhole(stops: readonly string[], text: string, cuts: readonly number[]) {
  const scanner = createStopScanner(stops);
  let shown = "";
  for (const piece of pieces(text, cuts)) {
    const { text: next, matched } = scanner.push(piece);
    shown += next;
    if (matched !== null) return { shown, matched };
  }
  return { shown: shown + scanner.finish(), matched: null };
}

describe("stop sequences", () => {
  test.each([
    ["a stop sequence is cut off with what follows", ["END"], "one END two", { shown: "one ", matched: "END" }],
    ["none matches", ["END"], "one EN", { shown: "one EN", matched: null }],
    ["one that begins again within itself", ["aab"], "aaab", { shown: "a", matched: "aab" }],
    ["the one that is complete first wins", ["abcd", "bc"], "abcd", { shown: "a", matched: "bc" }],
    ["of two that end together the longer wins", ["b", "ab"], "xab", { shown: "x", matched: "ab" }],
    ["empty ones are ignored", [""], "x", { shown: "x", matched: null }],
    ["line breaks", ["\n\nHuman:"], "hi\n\nHuman: x", { shown: "hi", matched: "\n\nHuman:" }],
  ])("%s", (_name, stops, text, expected) => {
    expect(stopWhole(stops, text, [])).toEqual(expected);
    expect(
      stopWhole(
        stops,
        text,
        Array.from(text, (_, index) => index),
      ),
    ).toEqual(expected);
  });

  test("only what may become a stop sequence is held back", () => {
    const scanner = createStopScanner(["<end>"]);
    expect(scanner.push("a <e")).toEqual({ text: "a ", matched: null });
    expect(scanner.push("x")).toEqual({ text: "<ex", matched: null });
  });

  test("as if the text had been searched whole, however it is cut", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "b", "c", "é"), minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(
        fc.array(word, { maxLength: 3 }),
        fc.string({ unit: fc.constantFrom("a", "b", "c", "é"), maxLength: 30 }),
        fc.array(fc.nat(30)),
        (stops, text, cuts) => {
          let first: { shown: string; matched: string } | null = null;
          for (let end = 1; end <= text.length && first === null; end += 1) {
            const matched = stops.filter((stop) => text.slice(0, end).endsWith(stop)).toSorted((a, b) => b.length - a.length)[0];
            if (matched !== undefined) first = { shown: text.slice(0, end - matched.length), matched };
          }
          expect(
            stopWhole(
              stops,
              text,
              cuts.filter((cut) => cut < text.length),
            ),
          ).toEqual(first ?? { shown: text, matched: null });
        },
      ),
      { numRuns: 500 },
    );
  });
});

function stopInput(stops: readonly string[], json: string, cuts: readonly number[]) {
  const scanner = createJsonStringStop(stops);
  let shown = "";
  for (const piece of pieces(json, cuts)) {
    const { text, matched } = scanner.push(piece);
    shown += text;
    if (matched !== null) return { shown, matched };
  }
  return { shown: shown + scanner.finish(), matched: null };
}

describe("stop sequences in a tool's input", () => {
  test.each([
    ["in a string value", ["STOP"], '{"a": "x STOP y", "b": 1}', { shown: '{"a": "x ', matched: "STOP" }],
    ["not in a key", ["STOP"], '{"STOP": "x"}', { shown: '{"STOP": "x"}', matched: null }],
    ["not across two strings", ["ab"], '["a","b"]', { shown: '["a","b"]', matched: null }],
    ["as the characters that escapes stand for", ["\nq"], '{"a": "x\\nq"}', { shown: '{"a": "x', matched: "\nq" }],
    ["in a \\u escape", ["é!"], '["\\u00e9!"]', { shown: '["', matched: "é!" }],
    ["not in structure", ["}"], '{"a": {}}', { shown: '{"a": {}}', matched: null }],
  ])("%s", (_name, stops, json, expected) => {
    expect(stopInput(stops, json, [])).toEqual(expected);
    expect(
      stopInput(
        stops,
        json,
        Array.from(json, (_, index) => index),
      ),
    ).toEqual(expected);
  });

  test("what was shown can be closed, and holds the value up to the stop sequence", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), fc.string({ maxLength: 5 }), fc.array(fc.nat(40)), (around, before, cuts) => {
        const json = JSON.stringify({ around, list: [{ text: `${before}§§ after` }] });
        const { shown, matched } = stopInput(
          ["§§"],
          json,
          cuts.filter((cut) => cut < json.length),
        );
        fc.pre(!JSON.stringify(around).includes("§§") && !before.includes("§"));
        expect(matched).toBe("§§");
        expect(JSON.parse(shown + closeJson(shown))).toEqual(JSON.parse(JSON.stringify({ around, list: [{ text: before }] })));
      }),
    );
  });
});

test("JSON that is cut anywhere can be closed", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 3 }), fc.nat(), (value, cut) => {
      const json = JSON.stringify({ value, 'q"é\n': [1.5e3, -2, true, "\\\u0007"] });
      const part = json.slice(0, 1 + (cut % (json.length - 1)));
      expect(() => JSON.parse(part + closeJson(part)) as unknown).not.toThrow();
    }),
    { numRuns: 500 },
  );
});
