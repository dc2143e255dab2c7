import fc from "fast-check";
import { expect, test } from "vitest";
import { withModel } from "./with-model.ts";

const change = (json: string, name: string) => Buffer.from(withModel(Buffer.from(json), name)).toString();

test("only the model's value changes, every other byte stays", () => {
  const body = '{ "x":1.0, "nested":{"model":"inner"},\n"model" :  "claude-a","s":"\\"model\\":\\"no\\"","l":[{"model":"m"}] }';
  expect(change(body, "other")).toBe(body.replace('"claude-a"', '"other"'));
  expect(change(body, "claude-a")).toBe(body);
});

test.each(['{"model":"a","model":"b","k":1}', '{"model":"a","mod\\u0065l":"b"}', '{"k":1}'])(
  "a model that is missing or could be read in two ways is written in one: %s",
  (json) => {
    expect(change(json, "b").match(/mod/g)).toHaveLength(1);
    expect(JSON.parse(change(json, "b"))).toMatchObject({ model: "b" });
  },
);

test("any body reads the same but for its model", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), fc.string(), (rest, model, name) => {
      const body = { ...rest, model };
      const json = JSON.stringify(body);
      expect(JSON.parse(change(json, name))).toEqual(JSON.parse(JSON.stringify({ ...body, model: name })));
    }),
    { numRuns: 300 },
  );
});
