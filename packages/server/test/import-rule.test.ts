import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";

const root = join(import.meta.dirname, "../../..");
const cruiser = join(root, "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs");
const planted = join(root, "packages/server/src/turn/planted-violation.ts");
const arguments_ = [
  cruiser,
  "--config",
  ".dependency-cruiser.cjs",
  "--output-type",
  "json",
  "packages/wire/src",
  "packages/server/src",
  "packages/console/src",
];

interface Cruise {
  readonly summary: {
    readonly totalCruised: number;
    readonly violations: readonly { readonly rule: { readonly name: string }; readonly from: string; readonly to: string }[];
  };
}

function cruise(): Cruise["summary"] {
  const { stdout } = spawnSync(process.execPath, arguments_, { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 ** 2 });
  return (JSON.parse(stdout) as Cruise).summary;
}

afterEach(() => rmSync(planted, { force: true }));

test("no module imports what the import rule forbids, and the rule sees the modules", { timeout: 60_000 }, () => {
  const { totalCruised, violations } = cruise();
  expect(violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`)).toEqual([]);
  // With a compiler that it cannot use, the tool sees nothing and is content.
  expect(totalCruised).toBeGreaterThan(200);
});

test("a planted violation is caught", { timeout: 60_000 }, () => {
  writeFileSync(
    planted,
    'export { createWeightsStore } from "../weights/weights-store.ts";\nexport { get } from "node:https";\n',
  );
  const rules = cruise()
    .violations.filter(({ from }) => from.endsWith("planted-violation.ts"))
    .map(({ rule }) => rule.name);
  expect(rules).toContain("turn-is-pure");
  expect(rules).toContain("only-egress-fetches");
});

test("no source file has grown beyond 500 lines", () => {
  const files = execFileSync("git", ["ls-files", "packages/*/src/**/*.ts", "packages/*/src/**/*.tsx"], {
    cwd: root,
    encoding: "utf8",
  }).split("\n");
  const lines = (file: string) => readFileSync(join(root, file), "utf8").split("\n").length - 1;
  expect(files.filter((file) => file !== "" && lines(file) > 500)).toEqual([]);
});
