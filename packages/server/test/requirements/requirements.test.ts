import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { TestReference } from "./requirement.ts";
import { requirements } from "./requirements.ts";
import { unproven } from "./unproven.ts";

const packages = join(import.meta.dirname, "../../..");

/** What is wrong with a citation; null when the test is there and runs. */
function faultOf({ file, title }: TestReference): string | null {
  const path = join(packages, file);
  if (!/(\.test|contract)\.ts$/.test(file)) return `${file} is no test`;
  if (!existsSync(path)) return `${file} does not exist`;
  const escaped = title.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
  // The first argument of a call: of `test`, of a `test.each(…)`, or of a suite's own `test`.
  const calls = [...readFileSync(path, "utf8").matchAll(new RegExp(String.raw`([\w.)\]]+)\(\s*(["'\x60])${escaped}\2\s*,`, "g"))];
  if (calls.length === 0) return `${file} has no test ${JSON.stringify(title)}`;
  return calls.every(([, called]) => /\.(skip|todo|fails)$/.test(called ?? "")) ? `${file}: ${title} is skipped` : null;
}

test("every requirement cites a test that is there", () => {
  const faults = requirements.flatMap(({ id, test: cited }) => {
    const fault = faultOf(cited);
    return fault === null ? [] : [`${id}: ${fault}`];
  });
  expect(faults).toEqual([]);
  expect(requirements.length).toBeGreaterThanOrEqual(100);
});

test("a citation of nothing is caught", () => {
  const file = "server/test/requirements/requirements.test.ts";
  expect(faultOf({ file, title: "a citation of nothing is caught" })).toBeNull();
  expect(faultOf({ file, title: "no such promise" })).toContain("has no test");
  expect(faultOf({ file: "server/test/gone.test.ts", title: "x" })).toContain("does not exist");
  expect(faultOf({ file: "server/src/main.ts", title: "x" })).toContain("is no test");
});

test("ids are unique and every field says something; what is unproven is shown", () => {
  const ids = [...requirements, ...unproven].map(({ id }) => id);
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  for (const { source, behaviour } of [...requirements, ...unproven]) {
    expect(source).toMatch(/^(\d+|surface [0A-H]|Core)$/);
    expect(behaviour).toMatch(/^\S.{9,}\.$/);
  }
  const lines = unproven.map(({ id, behaviour, reason }) => `  ${id}: ${behaviour} ${reason}`);
  process.stdout.write(`${requirements.length} requirements proved, ${unproven.length} unproven:\n${lines.join("\n")}\n`);
});

test("every numbered source is a promise of docs/promises.md", () => {
  const text = readFileSync(join(packages, "../docs/promises.md"), "utf8");
  const numbers = [...requirements, ...unproven].map(({ source }) => source).filter((source) => /^\d+$/.test(source));
  expect(numbers.filter((number) => !text.includes(`\n${number}. **`))).toEqual([]);
});
