import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileJsonSchema } from "./compile-json-schema.ts";
import { joinRules } from "./gbnf.ts";
import { readGbnf } from "./testing/gbnf-sampler.ts";
import { anySchema } from "./testing/schema-arbitrary.ts";
import { createValidator } from "./validator.ts";

const grammarOf = (schema: unknown) => {
  const { rootRule, rules, relaxed } = compileJsonSchema(schema, { rulePrefix: "t" });
  return { sampler: readGbnf(joinRules(`root ::= ${rootRule}`, rules)), relaxed };
};

/** A small generator with a seed, so that a failing text can be made again. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return (Math.imul(state ^ (state >>> 13), 0x297a2d39) >>> 0) / 2 ** 32;
  };
}

describe("each keyword", () => {
  const cases: readonly (readonly [name: string, schema: unknown, yes: readonly string[], no: readonly string[]])[] = [
    [
      "an object needs its required keys and keeps the schema's order",
      { type: "object", properties: { a: { type: "string" }, b: { enum: ["c", "f"] } }, required: ["a"] },
      ['{"a":"x"}', '{"a": "x", "b": "c"}', '{\n  "a": "x",\n  "b": "f"\n}'],
      ['{"b":"c"}', "{}", '{"a":"x","z":1}', '{"a":"x","b":"d"}'],
    ],
    ["an object without properties is any object", { type: "object" }, ["{}", '{"a": [1, {"b": null}]}'], ["[]"]],
    ["a tool without properties takes none", { type: "object", properties: {} }, ["{}"], ['{"a":1}']],
    [
      "additionalProperties keep declared keys apart",
      { type: "object", properties: { a: { type: "string" } }, additionalProperties: { type: "integer" } },
      ['{"a":"x","b":1}', '{"ab":2}', "{}"],
      ['{"a":1}', '{"b":"x"}', '{"a":"x","a":1}'],
    ],
    ["a required key that is not declared", { type: "object", required: ['k"ey'] }, ['{"k\\"ey": 1}'], ["{}"]],
    [
      "one patternProperties is a map",
      { type: "object", patternProperties: { "^x-": { type: "integer" } }, additionalProperties: false },
      ['{"x-a":1}', "{}"],
      ['{"y":1}'],
    ],
    ["no schema is any JSON", {}, ["1", '"a"', "null", "[]", "{}"], ["x", ""]],
    [
      "bounds of whole numbers are exact",
      { type: "integer", minimum: -5, maximum: 120 },
      ["-5", "-1", "0", "99", "120"],
      ["-6", "121", "1.5", "007"],
    ],
    ["a bound on one side", { type: "integer", minimum: 7 }, ["7", "10", "1234567"], ["6", "-7"]],
    ["exclusive bounds", { type: "integer", exclusiveMinimum: 0, exclusiveMaximum: 3 }, ["1", "2"], ["0", "3"]],
    [
      "draft 4's boolean exclusive bounds",
      { type: "integer", minimum: 0, exclusiveMinimum: true, maximum: 9 },
      ["1", "9"],
      ["0", "10"],
    ],
    [
      "bounds of numbers with fractions",
      { type: "number", minimum: -2, maximum: 1 },
      ["0", "1", "1.0", "0.99", "-1.5", "-2"],
      ["1.1", "-2.1", "2"],
    ],
    ["more than nothing", { type: "number", exclusiveMinimum: 0 }, ["0.1", "5.25"], ["0", "0.0", "-1"]],
    ["lengths of strings", { type: "string", minLength: 2, maxLength: 3 }, ['"ab"', '"a\\n"', '"\\u00e9é😀"'], ['"a"', '"abcd"']],
    [
      "long strings",
      { type: "string", maxLength: 1000 },
      [JSON.stringify("x".repeat(1000)), '""'],
      [JSON.stringify("x".repeat(1001))],
    ],
    ["an anchored pattern", { type: "string", pattern: "^[a-z]{2,4}\\d*$" }, ['"ab"', '"abcd42"'], ['"a"', '"abcde"', '"ab "']],
    ["a pattern is searched for", { type: "string", pattern: "foo" }, ['"foo"', '"a foo b"'], ['"fo"']],
    ["anchors within alternatives", { type: "string", pattern: "^a|b$" }, ['"ax"', '"xb"'], ['"xa"']],
    ["a pattern with quotes and escapes", { type: "string", pattern: '^["\\\\\\n]+$' }, ['"\\"\\\\\\n"'], ['"n"']],
    ["nested empty repetitions", { type: "string", pattern: "^(a*)*(b?c?)*$" }, ['""', '"aabcb"'], ['"x"']],
    [
      "pattern and length together",
      { type: "string", pattern: "^[a-z]+$", minLength: 2, maxLength: 3 },
      ['"ab"'],
      ['"a"', '"abcd"'],
    ],
    ["dates that exist", { type: "string", format: "date" }, ['"2024-02-29"', '"2023-12-31"'], ['"2023-02-29"', '"2023-13-01"']],
    ["date and time", { type: "string", format: "date-time" }, ['"2023-12-31T23:59:59Z"'], ['"2023-12-31"']],
    ["uuid", { type: "string", format: "uuid" }, ['"123e4567-e89b-12d3-a456-426614174000"'], ['"123"']],
    ["email", { type: "string", format: "email" }, ['"a.b@example.org"'], ['"a@b"', '"a"']],
    ["uri", { type: "string", format: "uri" }, ['"https://example.org/a?b=c#d"'], ['"example"']],
    ["ipv4", { type: "string", format: "ipv4" }, ['"127.0.0.1"'], ['"256.1.1.1"']],
    ["enum of any JSON", { enum: [1, "a\n", null, { a: [true] }] }, ["1", '"a\\n"', "null", '{"a":[true]}'], ["2"]],
    ["const", { const: "x" }, ['"x"'], ['"y"']],
    ["type narrows enum", { type: "string", enum: [1, "a"] }, ['"a"'], ["1"]],
    ["several types", { type: ["string", "null"] }, ["null", '"a"'], ["1"]],
    ["nullable", { type: "integer", nullable: true }, ["null", "3"], ['"a"']],
    [
      "bounded arrays",
      { type: "array", items: { type: "integer" }, minItems: 1, maxItems: 3 },
      ["[1]", "[1, 2,3]"],
      ["[]", "[1,2,3,4]"],
    ],
    [
      "tuples",
      { type: "array", prefixItems: [{ type: "string" }, { type: "integer" }], items: false },
      ['["a", 1]'],
      ['["a","b"]', '["a",1,2]'],
    ],
    ["tuples of draft 7", { type: "array", items: [{ type: "string" }, { type: "integer" }] }, ['["a", 1]'], ['["a","b"]']],
    [
      "anyOf beside properties",
      {
        type: "object",
        properties: { a: { type: "integer" }, b: { type: "integer" } },
        anyOf: [{ required: ["a"] }, { required: ["b"] }],
      },
      ['{"a":1}', '{"b":1}'],
      ["{}"],
    ],
    [
      "allOf is merged",
      {
        allOf: [
          { type: "object", properties: { a: { type: "integer" } }, required: ["a"] },
          { properties: { a: { minimum: 3 }, b: { const: 1 } } },
        ],
      },
      ['{"a":3,"b":1}'],
      ['{"a":2}', '{"b":1}'],
    ],
    [
      "$ref and recursion",
      {
        $ref: "#/$defs/n",
        $defs: {
          n: {
            type: "object",
            properties: { v: { type: "integer" }, next: { anyOf: [{ $ref: "#/$defs/n" }, { type: "null" }] } },
            required: ["v"],
          },
        },
      },
      ['{"v":1,"next":{"v":2,"next":null}}'],
      ['{"next":null}'],
    ],
    [
      "definitions of draft 7 and pointers with escapes",
      { $ref: "#/definitions/a~1b%20c", definitions: { "a/b c": { type: "boolean" } } },
      ["true"],
      ["1"],
    ],
    ["true and false", { type: "object", properties: { a: true, b: false } }, ['{"a":1}'], ['{"b":1}']],
  ];
  test.each(cases)("%s", (_name, schema, yes, no) => {
    const { sampler, relaxed } = grammarOf(schema);
    expect(relaxed).toEqual([]);
    for (const text of yes) expect([text, sampler.accepts(text)]).toEqual([text, true]);
    for (const text of no) expect([text, sampler.accepts(text)]).toEqual([text, false]);
  });
});

describe("what no grammar expresses is relaxed and named", () => {
  test.each([
    [{ type: "string", pattern: "(?=a)b" }, ["/pattern"]],
    [{ type: "string", pattern: "(a)\\1" }, ["/pattern"]],
    [{ type: "string", format: "ipv6" }, ["/format"]],
    [{ type: "object", properties: { a: { not: { type: "string" } } } }, ["/properties/a/not"]],
    [{ type: "integer", multipleOf: 3 }, ["/multipleOf"]],
    [{ type: "array", items: {}, uniqueItems: true }, ["/uniqueItems"]],
    [{ type: "array", maxItems: 100_000 }, ["/maxItems"]],
    [{ type: "object", properties: { "a/b": { $ref: "https://example.org/x" } } }, ["/properties/a~1b/$ref"]],
    [{ oneOf: [{ type: "string" }, { type: "string", minLength: 2 }] }, ["/oneOf"]],
    [false, [""]],
  ])("%j", (schema, relaxed) => {
    expect(grammarOf(schema).relaxed).toEqual(relaxed);
  });
});

test("an exact grammar writes only valid JSON", () => {
  fc.assert(
    fc.property(anySchema, fc.integer(), (schema, seed) => {
      const { sampler, relaxed } = grammarOf(schema);
      const { validate, warning } = createValidator(schema);
      expect(warning).toBeNull();
      const random = randomFrom(seed);
      for (let count = 0; count < 4; count += 1) {
        const text = sampler.sample(random, 40);
        const value: unknown = JSON.parse(text);
        expect(sampler.accepts(text)).toBe(true);
        expect([text, relaxed.length === 0 ? validate(value) : null]).toEqual([text, null]);
      }
    }),
    { numRuns: 120 },
  );
}, 60_000);

test("any JSON compiles as a schema, without an error and to a grammar that can be read", () => {
  const keyword = fc.constantFrom(
    "type",
    "properties",
    "required",
    "items",
    "prefixItems",
    "enum",
    "const",
    "anyOf",
    "oneOf",
    "allOf",
    "$ref",
    "$defs",
    "pattern",
    "format",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "additionalProperties",
    "patternProperties",
    "not",
    "__proto__",
    "constructor",
    "a",
  );
  const { any } = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom<unknown>(
        null,
        true,
        false,
        0,
        -1,
        1e300,
        3,
        "#",
        "#/properties/a",
        "object",
        "array",
        "string",
        "(",
        "[a-z]+",
        "^a{3}$",
        "date",
      ),
      fc.array(tie("any"), { maxLength: 4 }),
      fc.dictionary(keyword, tie("any"), { maxKeys: 5 }),
    ),
  }));
  fc.assert(
    fc.property(any, fc.integer(), (schema, seed) => {
      const { sampler } = grammarOf(schema);
      JSON.parse(sampler.sample(randomFrom(seed), 20));
      createValidator(schema).validate({});
    }),
    { numRuns: 500 },
  );
}, 60_000);

describe("bounded whatever the schema", () => {
  test("a wide schema loses its largest parts only", () => {
    const big = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`p${index}`, { type: "string", maxLength: 60 + index }]),
    );
    const schema = {
      type: "object",
      properties: { small: { type: "integer" }, big: { type: "object", properties: big } },
      required: ["small"],
    };
    const { sampler, relaxed } = grammarOf(schema);
    expect(relaxed.length).toBeGreaterThan(0);
    expect(relaxed.every((pointer) => pointer.startsWith("/properties/big"))).toBe(true);
    expect(sampler.ruleCount).toBeLessThan(8000);
    expect(sampler.accepts('{"small": 1}')).toBe(true);
    expect(sampler.accepts('{"small": "x"}')).toBe(false);
  });

  test("recursion is bounded", () => {
    const { sampler } = grammarOf({ type: "object", properties: { child: { $ref: "#" } } });
    const nested = (depth: number): string => (depth === 0 ? "{}" : `{"child":${nested(depth - 1)}}`);
    expect(sampler.accepts(nested(5))).toBe(true);
    expect(sampler.accepts(nested(12))).toBe(false);
  });

  test.each([
    [
      "a chain of doubling allOf",
      () => ({
        $ref: "#/$defs/d30",
        $defs: Object.fromEntries(
          Array.from({ length: 31 }, (_, index) => [
            `d${index}`,
            index === 0 ? { type: "object" } : { allOf: [{ $ref: `#/$defs/d${index - 1}` }, { $ref: `#/$defs/d${index - 1}` }] },
          ]),
        ),
      }),
    ],
    ["a very deep schema", () => JSON.parse(`${'{"items":'.repeat(3000)}{}${"}".repeat(3000)}`) as unknown],
    ["a reference to itself", () => ({ $ref: "#" })],
    ["ten thousand values", () => ({ enum: Array.from({ length: 10_000 }, (_, index) => `value number ${index}`) })],
    [
      "ten thousand properties",
      () => ({
        type: "object",
        properties: Object.fromEntries(
          Array.from({ length: 10_000 }, (_, index) => [`p${index}`, { type: "object", properties: { a: { type: "integer" } } }]),
        ),
      }),
    ],
    ["an expression that explodes", () => ({ type: "string", pattern: "^(a|b)*a(a|b){30}$" })],
    ["an expression with large counts", () => ({ type: "string", pattern: "^(x{1000}){1000}$" })],
  ])("%s compiles to few rules", (_name, make) => {
    const schema = make();
    const { sampler } = grammarOf(schema);
    expect(sampler.ruleCount).toBeLessThan(20_000);
  });
});
