import fc from "fast-check";
import { expect, test } from "vitest";
import { JSON_STYLES, sortKeys, toJsonText } from "./json-text.ts";

test("JSON is spaced as Python spaces it", () => {
  expect(toJsonText({ a: [1, { b: null }], c: {} }, { separators: [", ", ": "], indent: 0 })).toBe(
    '{"a": [1, {"b": null}], "c": {}}',
  );
});

test("every style says the same value; the indented ones as JSON.stringify does", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      // JSON has no negative zero, and what stands after is an object of our own.
      const plain: unknown = JSON.parse(JSON.stringify(value));
      for (const style of JSON_STYLES) expect(JSON.parse(toJsonText(plain, style))).toEqual(plain);
      expect(toJsonText(plain, { separators: [",", ": "], indent: 2 })).toBe(JSON.stringify(plain, null, 2));
      expect(toJsonText(plain, { separators: [",", ":"], indent: 0 })).toBe(JSON.stringify(plain));
    }),
  );
});

test("sorting keys changes no value", () => {
  expect(JSON.stringify(sortKeys({ b: [{ d: 1, c: 2 }], a: null }))).toBe('{"a":null,"b":[{"c":2,"d":1}]}');
});
