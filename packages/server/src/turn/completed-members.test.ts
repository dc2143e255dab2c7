import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { completedMembers } from "./completed-members.ts";

test.each<[string, Record<string, unknown>]>([
  ["", {}],
  ["{", {}],
  ['{"a', {}],
  ['{"a":', {}],
  ['{"a":1', {}],
  ['{"a":1,', { a: 1 }],
  ['{"a":tru', {}],
  ['{"a":"x"', { a: "x" }],
  ['{"a":"x\\"', {}],
  ['{"a":"x\\\\"', { a: "x\\" }],
  ['{"a":1,"b"', { a: 1 }],
  ['{"a":1,"b":"},{"', { a: 1, b: "},{" }],
  ['{"a":{"b":1}', { a: { b: 1 } }],
  ['{"a":{"b":1},"c":[1,{"d":2', { a: { b: 1 } }],
  ['{ "a" : [ 1, 2 ] , "b" : nul', { a: [1, 2] }],
  ['{"a":1}', { a: 1 }],
  ['{"a":1} trailing', { a: 1 }],
  ["not json, at all", {}],
])("%j gives %j", (json, members) => {
  expect(completedMembers(json)).toEqual(members);
});

test("every cut of an object gives a prefix of its members, each as it was", () => {
  const whole = {
    s: 'a "quoted" \\ text',
    n: -1.5e3,
    list: [1, [2, { x: "]}" }]],
    deep: { y: { z: null } },
    t: true,
    last: "end",
  };
  const json = JSON.stringify(whole);
  const names = Object.keys(whole);
  for (let cut = 0; cut <= json.length; cut++) {
    const members = completedMembers(json.slice(0, cut));
    expect(Object.keys(members)).toEqual(names.slice(0, Object.keys(members).length));
    expect(whole).toMatchObject(members);
  }
  expect(completedMembers(json)).toEqual(whole);
});

describe("the complete members of a cut input", () => {
  test.each([
    ['{"a": 1, "b": "x", "c": [1, 2', { a: 1, b: "x" }],
    ['{"a": 1', {}],
    ['{"a": 1,', { a: 1 }],
    ['{"a": {"b": 1}', { a: { b: 1 } }],
    ['{"a": "x"', { a: "x" }],
    ['{"a": "x\\"', {}],
    ['{"a": tru', {}],
    ['{"a": true }', { a: true }],
    ["{", {}],
    ["", {}],
    ['{"a": "}", "b', { a: "}" }],
  ])("%s", (json, expected) => {
    expect(completedMembers(json)).toEqual(expected);
  });

  test("are a part of the whole, and never half a value", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string().filter((key) => key !== "__proto__"),
          fc.jsonValue({ maxDepth: 2 }),
        ),
        fc.nat(),
        (input, cut) => {
          const json = JSON.stringify(input);
          const part = completedMembers(json.slice(0, cut % (json.length + 1)));
          const whole = JSON.parse(json) as Record<string, unknown>;
          for (const [key, value] of Object.entries(part)) expect(value).toEqual(whole[key]);
        },
      ),
      { numRuns: 500 },
    );
  });
});
