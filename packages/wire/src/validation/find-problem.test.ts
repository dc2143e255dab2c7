import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { fullRequest } from "../../test/support/full-request.ts";
import { mutate, randomFrom } from "../../test/support/mutate.ts";
import * as wire from "../index.ts";
import { findProblem } from "./find-problem.ts";
import { parseCountTokens, parseMessagesCreate } from "./parse-request.ts";

const schemas = Object.values(wire).filter((each: unknown): each is z.ZodType => each instanceof z.ZodType) as z.ZodType[];

/** zod strips `__proto__` and has no depth limit of its own: the only two ways in which the walk is stricter. */
function zodAccepts(body: unknown): boolean {
  return wire.MessagesCreateRequest.safeParse(body).success;
}

test("every exported schema can be walked, whatever stands in it", () => {
  expect(schemas.length).toBeGreaterThan(40);
  fc.assert(
    fc.property(fc.constantFrom(...schemas), fc.jsonValue(), (schema, value) => {
      findProblem(schema, value);
    }),
    { numRuns: 3_000 },
  );
}, 60_000);

test("a schema that is itself a format is checked like one", () => {
  expect(findProblem(z.email(), "ada@example.com")).toBeNull();
  expect(findProblem(z.strictObject({ to: z.email() }), { to: "ada" })).toEqual({
    path: ["to"],
    text: "value is not a valid email address",
  });
  expect(findProblem(z.uuid(), "1")?.text).toMatch(/^String should match pattern/);
  expect(findProblem(z.email().max(5), "a@b.example")?.text).toBe("String should have at most 5 characters");
});

test("the full request is valid", () => {
  expect(parseMessagesCreate(fullRequest(), { version: "2023-06-01" })).toMatchObject({ ok: true });
  expect(zodAccepts(fullRequest())).toBe(true);
});

test("5,000 wounded requests never throw, are told what is wrong in one line, and zod has the same verdict", () => {
  const counts = { refused: 0, accepted: 0 };
  const badMessages: string[] = [];
  const disagreements: number[] = [];
  for (let seed = 0; seed < 5_000; seed += 1) {
    const body = mutate(fullRequest(), randomFrom(seed));
    for (const version of wire.ANTHROPIC_VERSIONS) {
      const checked = parseMessagesCreate(body, { version });
      const isClear =
        checked.ok || (/^[^\n]{5,2000}$/.test(checked.message) && !/Invalid input|undefined|\[object|NaN/.test(checked.message));
      if (!isClear) badMessages.push(`seed ${seed}: ${checked.message}`);
      parseCountTokens(body, { version });
    }
    const problem = findProblem(wire.MessagesCreateRequest, body);
    counts[problem ? "refused" : "accepted"] += 1;
    const isStricter = problem !== null && (/nested deeper/.test(problem.text) || problem.path.includes("__proto__"));
    if (!isStricter && zodAccepts(body) !== (problem === null)) disagreements.push(seed);
  }
  expect(badMessages).toEqual([]);
  expect(disagreements).toEqual([]);
  // The seeds are worth something only if both verdicts occur.
  expect(counts.refused).toBeGreaterThan(1_000);
  expect(counts.accepted).toBeGreaterThan(500);
}, 60_000);

test("what zod accepts of arbitrary JSON, the walk accepts, and the other way round", () => {
  const choices = [wire.ToolParam, wire.ContentBlockParam, wire.ThinkingConfigParam, wire.ContextManagement, wire.OutputConfig];
  fc.assert(
    fc.property(fc.constantFrom(...choices), fc.jsonValue({ maxDepth: 4 }), (schema: z.ZodType, value) => {
      const isStricter = JSON.stringify(value)?.includes("__proto__");
      expect(isStricter || (findProblem(schema, value) === null) === schema.safeParse(value).success).toBe(true);
    }),
    { numRuns: 3_000 },
  );
}, 60_000);
