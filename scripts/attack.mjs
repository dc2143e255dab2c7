// `npm run attack`: every attack that the tests know, whole where `npm test` tries a part, counted in one table. The tests say
// by their tag what they attack (vitest.config.ts). Ends with 1 where anything got through.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { runVitest } from "./run-vitest.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const AREAS = {
  "attack-addresses": "addresses inside this machine or its network (SSRF)",
  "attack-pages": "hostile web pages and documents",
  "attack-mcp": "hostile MCP servers",
  "attack-sandbox": "programs in the sandbox",
  "attack-skills": "hostile skill archives",
};

const files = ["packages/server/src", "packages/server/test"]
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: true }).map((name) => join(root, folder, name)))
  .filter((path) => path.endsWith(".test.ts") && readFileSync(path, "utf8").includes('tags: "attack-'))
  .map((path) => relative(root, path));

const { status, report } = await runVitest(
  root,
  ["--project", "unit", "--project", "db", "--tags-filter", "attack-*", ...files],
  {
    ...process.env,
    PARLEY_ATTACK: "whole",
  },
);
if (report === null) process.exit(1);
const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);

/** What a test stands for: many attacks where it counts them, else the one that it is. */
function count({ status: outcome, meta }) {
  if (outcome !== "passed" && outcome !== "failed") return { tried: 0, through: 0, left: 1 };
  const { tried, through } = meta.attacks ?? { tried: 1, through: 0 };
  // A test that fails has seen something get through, whatever it counted.
  return { tried, through: outcome === "failed" ? Math.max(1, through) : through, left: 0 };
}

const rows = Object.entries(AREAS).map(([tag, area]) => {
  const counts = tests.filter(({ tags }) => tags.includes(tag)).map(count);
  const sum = (key) => counts.reduce((total, each) => total + each[key], 0);
  return { area, tried: sum("tried"), through: sum("through"), left: sum("left") };
});
const all = (key) => rows.reduce((total, row) => total + row[key], 0);
const line = ({ area, tried, through }) => `| ${area} | ${tried.toLocaleString("en")} | ${through} |\n`;
process.stdout.write("\n| Attacks | Cases tried | Got through |\n|---|---:|---:|\n");
for (const row of rows) process.stdout.write(line(row));
process.stdout.write(line({ area: "all", tried: all("tried"), through: all("through") }));
if (all("left") > 0) process.stdout.write(`\n${all("left")} tests did not run: without a sandbox there is nothing to attack.\n`);
process.exit(status === 0 && all("through") === 0 && rows.every(({ tried, left }) => tried + left > 0) ? 0 : 1);
