import { expect, test } from "vitest";
import { fillVariables, findVariables } from "../../src/features/workbench/variables.ts";

test("variables are found once each, in any language, and nothing else between braces is one", () => {
  expect(findVariables("{{a}} {{ größe }} {{a}}", "{{b-2}} {{}} {{1st}} {single} {{two words}}")).toEqual(["a", "größe", "b-2"]);
});

test("a value goes in as it is, whatever it has in it, and what has none stays as it was written", () => {
  const values = { a: "$& {{b}} \\", b: "" };
  expect(fillVariables("{{a}}|{{b}}|{{ c }}|{{constructor}}", values)).toBe("$& {{b}} \\|{{b}}|{{ c }}|{{constructor}}");
});
