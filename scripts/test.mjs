// `npm test`, from a fresh clone: types, style, unit, db (on the embedded PostgreSQL, and where the system has one on that),
// browser, and with small weights and a llama-server that it fetches and builds meanwhile, model and e2e. `npm test -- unit db` runs only
// those parts. Ends with what failed and the line `N passed, N failed`.
import { spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { constants, cpus, homedir, setPriority, tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { startDebianPostgres } from "./debian-postgres.mjs";
import { ensureConsole } from "./ensure-console.mjs";
import { runVitest } from "./run-vitest.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = (name) => join(root, "node_modules/.bin", name);
const chosen = process.argv.slice(2);
const wants = (part) => chosen.length === 0 || chosen.includes(part);
const env = {
  ...process.env,
  PARLEY_TEST_DATA: process.env.PARLEY_TEST_DATA ?? join(homedir(), ".parley"),
};
env.PARLEY_TEST_MODELS ??= join(env.PARLEY_TEST_DATA, "models");

let passed = 0;
/** What failed, a line each: told again at the end, which is all that some readers of a long run see. */
const failures = [];
const seconds = [];
const REASON_CHARACTERS = 2_000;

/** Notes how long a part took. */
function timed(title, run) {
  const begunMs = performance.now();
  const result = run();
  seconds.push(`${title} ${Math.round((performance.now() - begunMs) / 1000)} s`);
  return result;
}

/** Runs one check that either passes or fails. */
function check(title, command, ...arguments_) {
  process.stdout.write(`\n== ${title}\n`);
  const { status } = timed(title, () => spawnSync(command, arguments_, { cwd: root, stdio: "inherit", env }));
  if (status === 0) passed += 1;
  else failures.push(title);
}

/** Runs a vitest project, or its tests below some paths, and adds what it counted. A run that cannot say is a failure. */
function vitest(project, ...paths) {
  process.stdout.write(`\n== vitest ${[project, ...paths].join(" ")}\n`);
  const { status, report } = timed(project, () => runVitest(root, ["--project", project, ...paths], env));
  if (report === null) {
    failures.push(`${project}: no report`);
    return;
  }
  passed += report.numPassedTests;
  const failed = report.testResults.flatMap(failuresOf);
  failures.push(...failed);
  // An unhandled rejection is no failed test but fails the run.
  if (status !== 0 && failed.length === 0) failures.push(`${project}: an error outside of its tests`);
}

/** A file's failed tests, or why it did not load, a line and its reason each. */
function failuresOf({ name, status, message, assertionResults }) {
  const file = relative(root, name);
  const failed = assertionResults.filter((test) => test.status === "failed");
  if (failed.length === 0) return status === "failed" ? [`${file}\n    ${message.slice(0, REASON_CHARACTERS)}`] : [];
  return failed.map((test) => `${file}: ${test.fullName}\n    ${test.failureMessages.join("\n").slice(0, REASON_CHARACTERS)}`);
}

/**
 * Begins a command of ours that only later parts wait for, at the lowest priority: it takes the time in which the parts before them wait.
 * What it returns waits for its end, shows what it printed, and says how it went.
 */
function begin(title, ...arguments_) {
  const folder = mkdtempSync(join(tmpdir(), "parley-test-"));
  const output = openSync(join(folder, "output"), "w");
  const main = join(root, "packages/server/src/cli/main.ts");
  const child = spawn(process.execPath, ["--conditions=source", main, ...arguments_], {
    cwd: root,
    stdio: ["ignore", output, output],
    env,
  });
  setPriority(child.pid, constants.priority.PRIORITY_LOW);
  closeSync(output);
  const ended = new Promise((resolve) => child.once("close", resolve).once("error", resolve));
  return async () => {
    const status = await ended;
    process.stdout.write(`\n== ${title}\n${readFileSync(join(folder, "output"), "utf8")}`);
    rmSync(folder, { recursive: true, force: true });
    if (status === 0) passed += 1;
    else failures.push(title);
  };
}

/** What decides which kernels the engines take. */
function machine() {
  const [first] = cpus();
  const flags = existsSync("/proc/cpuinfo") ? (/^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? "") : "";
  const wide = flags.split(" ").filter((flag) => /^(amx|avx)/.test(flag));
  return `${first?.model ?? process.arch}, ${cpus().length} cores, ${wide.join(" ")}, Node ${process.version}`;
}

const needsEngines = wants("model") || wants("e2e");
const llamaServer = env.PARLEY_LLAMA_SERVER ?? join(env.PARLEY_TEST_DATA, "engines/llama-server/llama-server");
const preparing = [];
if (needsEngines) {
  const into = ["--data", env.PARLEY_TEST_DATA];
  preparing.push(begin("weights", "pull", "smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b", ...into));
  // One that was named and is not there is a mistake that the tests tell of.
  if (env.PARLEY_LLAMA_SERVER === undefined && !existsSync(llamaServer))
    preparing.push(begin("llama-server", "engine", "install", ...into));
}

if (wants("static")) {
  check("types", process.execPath, join(root, "node_modules/typescript-7/bin/tsc"), "-p", root);
  check(
    "types of the Console",
    process.execPath,
    join(root, "node_modules/typescript-7/bin/tsc"),
    "-p",
    join(root, "packages/console"),
  );
}
if (wants("style")) {
  check("lint", bin("oxlint"), "--type-aware", "--deny-warnings");
  check("format", bin("oxfmt"), "--check");
  check("dead code", bin("knip"));
}
if (wants("unit")) vitest("unit");
if (wants("db")) vitest("db");
if (wants("db-server")) {
  try {
    const server = await startDebianPostgres();
    if (server) {
      process.stdout.write(`\n== PostgreSQL ${server.version} of the system's packages\n`);
      env.PARLEY_TEST_DATABASE_URL = server.url;
      // What stands on the SQL itself; the tests over HTTP say the same of both, and take minutes.
      const onSql = ["jobs", "ledger", "limits", "money", "storage"];
      vitest("db", ...onSql.map((area) => `packages/server/src/${area}`), "packages/server/test/money");
      delete env.PARLEY_TEST_DATABASE_URL;
      server.stop();
    }
  } catch (error) {
    failures.push(`The system's PostgreSQL could not be used: ${error.message}`);
  }
}
if (wants("browser")) {
  if (!ensureConsole(root, process.execPath)) failures.push("the Console could not be built");
  vitest("browser");
}
if (needsEngines) {
  for (const end of preparing) await end();
  env.PARLEY_LLAMA_SERVER = llamaServer;
}
if (wants("model")) vitest("model");
if (wants("e2e")) {
  if (!ensureConsole(root, process.execPath)) failures.push("the Console could not be built");
  vitest("e2e");
}

for (const failure of failures) process.stdout.write(`\nFAILED ${failure}\n`);
process.stdout.write(`\n${machine()}\n${seconds.join(", ")}\n${passed} passed, ${failures.length} failed\n`);
process.exit(failures.length === 0 ? 0 : 1);
