import { expect, test } from "vitest";
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
