import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileOutputSchema } from "./compile-output-schema.ts";
import { compileTool } from "./compile-tool.ts";
import { accepts, regexDfa } from "./dfa.ts";
import { parseRegex } from "./parse-regex.ts";
import { readGbnf } from "./testing/gbnf-sampler.ts";
import { createValidator } from "./validator.ts";

describe("schemas of every draft are checked", () => {
  test.each([
    ["2020-12", { $schema: "https://json-schema.org/draft/2020-12/schema", prefixItems: [{ type: "string" }] }, ["a"], [1]],
    [
      "draft 7 tuples",
      { $schema: "http://json-schema.org/draft-07/schema#", items: [{ type: "string" }], definitions: {} },
      ["a"],
      [1],
    ],
    ["draft 4 bounds", { minimum: 0, exclusiveMinimum: true }, 1, 0],
    ["nullable", { type: "string", nullable: true }, null, 1],
    ["nullable without a type", { nullable: true, enum: ["a", null] }, null, 1],
    ["ids that meet", { $id: "same", type: "string" }, "a", 1],
    ["a property called id", { type: "object", properties: { id: { type: "string" } } }, { id: "a" }, { id: 1 }],
    ["inherited names", { properties: { constructor: { type: "string" } } }, {}, { constructor: 1 }],
    ["an escape that u-mode refuses", { type: "string", pattern: "^a\\-b$" }, "a-b", "a_b"],
    ["a look-ahead", { type: "string", pattern: "^(?=.*\\d).+$" }, "a1", "a"],
    ["a format", { type: "string", format: "date" }, "2024-02-29", "2023-02-29"],
    ["two expressions", { properties: { a: { pattern: "^a$" }, b: { pattern: "^b$" } } }, { a: "a", b: "b" }, { a: "a", b: "a" }],
  ])("%s", (_name, schema, yes, no) => {
    const { validate, warning } = createValidator(schema);
    expect(warning).toBeNull();
    expect(validate(yes)).toBeNull();
    expect(validate(no)).not.toBeNull();
  });
});

test("a schema that cannot be compiled is checked for its type, and says so", () => {
  const { validate, warning } = createValidator({ type: "object", properties: { a: { $ref: "#/nowhere" } } });
  expect(warning).toContain("nowhere");
  expect(validate({ a: 1 })).toBeNull();
  expect(validate([])).toBe("must be object");
});

test("an error names its place", () => {
  const { validate } = createValidator({ type: "object", properties: { a: { type: "array", items: { enum: ["x"] } } } });
  expect(validate({ a: ["y"] })).toBe('/a/0 must be equal to one of the allowed values: ["x"]');
});

test("an expression made to run for ever does not", () => {
  const text = `${"a".repeat(40)}!`;
  const validateBy = (pattern: string) => createValidator({ pattern }).validate(text);
  // One that tried every way would not end within the test's time, nor within a year.
  expect(validateBy("^(a+)+$")).not.toBeNull();
  // No automaton decides this one, so that nothing is held against the text.
  expect(validateBy("^(?=(a+)+$).*$")).toBeNull();
});

test("automata decide as expressions do", () => {
  const atom = fc.constantFrom(
    "a",
    "b",
    ".",
    "\\d",
    "\\w",
    "[ab]",
    "[^a]",
    "\\s",
    "é",
    "\\.",
    "[\\d-]",
    "^",
    "$",
    "(?:a|b)",
    "(ab|)",
    "(a*)",
  );
  const regex = fc
    .array(
      fc
        .tuple(atom, fc.constantFrom("", "", "*", "+", "?", "{2}", "{1,3}", "{2,}", "|"))
        .map(([part, quantifier]) => (/^[$^]$/u.test(part) && quantifier !== "|" ? part : part + quantifier)),
      { maxLength: 5 },
    )
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(
      regex,
      fc.array(fc.string({ unit: fc.constantFrom("a", "b", "1", " ", "\n", "é", ".", "-"), maxLength: 6 }), {
        minLength: 8,
        maxLength: 8,
      }),
      (source, texts) => {
        const node = parseRegex(source);
        const dfa = node === null ? null : regexDfa(node);
        fc.pre(node !== null);
        const expected = new RegExp(source, "u");
        for (const text of texts)
          expect([source, text, dfa !== null && accepts(dfa, text)]).toEqual([source, text, expected.test(text)]);
      },
    ),
    { numRuns: 500 },
  );
});

test("a compiled tool takes objects, whatever its schema says", () => {
  const tool = compileTool({
    name: "t",
    description: null,
    inputSchema: { properties: { a: { type: "integer" } }, required: ["a"] },
    strict: false,
    inputExamples: [],
  });
  expect(tool.exact).toBe(true);
  expect(tool.validate({ a: 1 })).toBeNull();
  expect(tool.validate({})).toBe("input must have required property 'a'");
  expect(tool.validate("a")).toBe("input must be object");
  expect(tool.grammar?.rules).toContain(`${tool.grammar?.rootRule} ::= `);
});

test("a compiled reply schema has a whole grammar and checks text", () => {
  const compiled = compileOutputSchema({
    type: "object",
    properties: { a: { type: "integer", multipleOf: 2 } },
    required: ["a"],
  });
  expect(readGbnf(compiled.gbnf).accepts('{"a": 3}')).toBe(true);
  expect(readGbnf(compiled.anyJsonGbnf).accepts("[]")).toBe(true);
  expect(compiled.exact).toBe(false);
  expect(compiled.relaxed).toEqual(["/properties/a/multipleOf"]);
  expect(compiled.validateText('{"a": 3}')).toBe("/a must be multiple of 2");
  expect(compiled.validateText('{"a": 4}')).toBeNull();
  expect(compiled.validateText("{")).toBe("the reply is not JSON");
});

test("a schema that would take seconds to compile, or too much stack to run, is checked for its type alone", () => {
  const properties = (count: number, schema: object) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, schema]));
  for (const large of [properties(20_000, { type: "string" }), properties(1_500, {})]) {
    const { validate, warning } = createValidator({ type: "object", properties: large });
    expect(warning === null || /too large|call stack/.test(warning)).toBe(true);
    expect(validate({ k1: "x" })).toBeNull();
    expect(validate({})).toBeNull();
  }
  expect(createValidator({ type: "object", properties: properties(20_000, {}) }).validate([])).toBe("must be object");
});
