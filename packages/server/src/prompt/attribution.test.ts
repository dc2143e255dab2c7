import { expect, test } from "vitest";
import { withoutAttribution } from "./attribution.ts";

test("the attribution line at the very start goes, alone or before other text", () => {
  expect(withoutAttribution("x-anthropic-billing-header: cc_version=2.1.330.a; cc_entrypoint=cli; cch=1f2e3;")).toBe("");
  expect(withoutAttribution("x-anthropic-billing-header: cch=00000;\n\nYou are Claude Code.")).toBe("You are Claude Code.");
});

test("the same words anywhere else stay", () => {
  for (const text of ["You are x-anthropic-billing-header: a", "\nx-anthropic-billing-header: cch=0;", "", "Be brief."]) {
    expect(withoutAttribution(text)).toBe(text);
  }
});
