import { expect, test } from "vitest";
import { scoreCalls, toolName, type ExpectedCall, type FunctionDoc } from "./score.ts";

const weather: FunctionDoc = {
  name: "weather.get",
  parameters: {
    properties: {
      city: { type: "string" },
      days: { type: "integer" },
      limit: { type: "float" },
      units: { type: "string" },
      tags: { type: "array", items: { type: "string" } },
      range: { type: "dict" },
      stops: { type: "array", items: { type: "dict" } },
    },
    required: ["city"],
  },
};
const right = (input: Record<string, unknown>, allowed: ExpectedCall[string], name = "weather_get"): boolean =>
  scoreCalls([weather], [{ name, input }], [{ "weather.get": allowed }]).right;

test("dots in a function's name become underscores", () => {
  expect(toolName("math.trig.sin")).toBe("math_trig_sin");
});

test("a string matches without regard to case, spaces and punctuation", () => {
  expect(right({ city: "new york,ny" }, { city: ["New York, NY"] })).toBe(true);
  expect(right({ city: "Newark" }, { city: ["New York, NY"] })).toBe(false);
});

test("a wrong name, a missing required argument and an unexpected one are wrong", () => {
  expect(right({ city: "Rome" }, { city: ["Rome"] }, "weather_set")).toBe(false);
  expect(right({}, { city: ["Rome"] })).toBe(false);
  expect(right({ city: "Rome", mood: "good" }, { city: ["Rome"] })).toBe(false);
  expect(right({ city: "Rome", days: 2 }, { city: ["Rome"] })).toBe(false);
});

test("an argument may be left out only where the empty string is allowed", () => {
  expect(right({ city: "Rome" }, { city: ["Rome"], units: ["metric", ""] })).toBe(true);
  expect(right({ city: "Rome" }, { city: ["Rome"], units: ["metric"] })).toBe(false);
  expect(right({ city: "Rome", units: "imperial" }, { city: ["Rome"], units: ["metric", ""] })).toBe(false);
});

test("an integer serves as a float, a fraction or a string never as an integer", () => {
  expect(right({ city: "Rome", limit: 3 }, { city: ["Rome"], limit: [3] })).toBe(true);
  expect(right({ city: "Rome", days: 2.5 }, { city: ["Rome"], days: [2.5, 2] })).toBe(true); // the answer's own type is right too
  expect(right({ city: "Rome", days: 2.5 }, { city: ["Rome"], days: [2] })).toBe(false);
  expect(right({ city: "Rome", days: "2" }, { city: ["Rome"], days: [2] })).toBe(false);
  expect(right({ city: "Rome", days: true }, { city: ["Rome"], days: [1] })).toBe(false);
});

test("a list matches whole and in order, its strings standardised", () => {
  expect(right({ city: "Rome", tags: ["A b", "c"] }, { city: ["Rome"], tags: [["ab", "C"]] })).toBe(true);
  expect(right({ city: "Rome", tags: ["c", "ab"] }, { city: ["Rome"], tags: [["ab", "c"]] })).toBe(false);
  expect(right({ city: "Rome", tags: ["ab"] }, { city: ["Rome"], tags: [["ab", "c"], [""]] })).toBe(false);
});

test("a nested object is checked member by member", () => {
  const allowed = { city: ["Rome"], range: [{ min: [3], max: [4, ""] }] };
  expect(right({ city: "Rome", range: { min: 3 } }, allowed)).toBe(true);
  expect(right({ city: "Rome", range: { min: 3, max: 4 } }, allowed)).toBe(true);
  expect(right({ city: "Rome", range: { min: 2 } }, allowed)).toBe(false);
  expect(right({ city: "Rome", range: { max: 4 } }, allowed)).toBe(false);
  expect(right({ city: "Rome", range: { min: 3, step: 1 } }, allowed)).toBe(false);
});

test("a list of objects is checked in order", () => {
  const allowed = { city: ["Rome"], stops: [[{ at: ["Pisa"] }, { at: ["Siena"] }]] };
  expect(right({ city: "Rome", stops: [{ at: "pisa" }, { at: "siena" }] }, allowed)).toBe(true);
  expect(right({ city: "Rome", stops: [{ at: "siena" }, { at: "pisa" }] }, allowed)).toBe(false);
});

test("several calls match in any order, each expected call once", () => {
  const expected = [{ "weather.get": { city: ["Rome"] } }, { "weather.get": { city: ["Oslo"] } }];
  const call = (city: string) => ({ name: "weather_get", input: { city } });
  expect(scoreCalls([weather], [call("Oslo"), call("Rome")], expected).right).toBe(true);
  expect(scoreCalls([weather], [call("Rome"), call("Rome")], expected).right).toBe(false);
  expect(scoreCalls([weather], [call("Rome")], expected).right).toBe(false);
});
