// `npm test`, from a fresh clone: types, style, unit, db (on the embedded PostgreSQL, and where the system has one on that),
// browser, with small weights and a llama-server that it fetches and builds meanwhile, model and e2e, and with tools that it fetches meanwhile,
// deploy. `npm test -- unit db` runs only those parts. Ends with what failed and the line `N passed, N failed`; told to stop, with nothing of it
// still at work.
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { constants, cpus, homedir, setPriority, tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { atEnd, runChild, startChild } from "./children.mjs";
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
/** What failed at first and passed when it was run again, a line and its reason each. */
const flaky = [];
/** What was not checked because something is not on this machine, a line each. */
const skipped = [];
const seconds = [];
const REASON_CHARACTERS = 2_000;

/** Notes how long a part took. */
async function timed(title, run) {
  const begunMs = performance.now();
  const result = await run();
  seconds.push(`${title} ${Math.round((performance.now() - begunMs) / 1000)} s`);
  return result;
}

/** Runs one check that either passes or fails. */
async function check(title, command, ...arguments_) {
  process.stdout.write(`\n== ${title}\n`);
  const status = await timed(title, () => runChild(command, arguments_, { cwd: root, stdio: "inherit", env }));
  if (status === 0) passed += 1;
  else failures.push(title);
}

/**
 * Runs a vitest project, or its tests below some paths, and adds what it counted. Files in which something failed are run once more, whole, as tests
 * build upon those before them: one of thousands that share two cores with databases and engines may be late. What passes then is told all the
 * same, as it is a fault.
 */
async function vitest(project, ...paths) {
  const files = await runFiles(project, paths);
  const doubtful = [...files.values()].filter((file) => failuresOf(file).length > 0);
  if (doubtful.length > 0) {
    const names = doubtful.map(({ name }) => name);
    for (const [name, file] of await runFiles(project, names)) files.set(name, file);
  }
  const last = [...files.values()];
  const failed = last.flatMap(failuresOf);
  const passedThen = ({ title }) => !failed.some((failure) => failure.title === title);
  failures.push(...failed.map(told));
  flaky.push(...doubtful.flatMap(failuresOf).filter(passedThen).map(told));
  passed += last.flatMap(({ assertionResults }) => assertionResults).filter(({ status }) => status === "passed").length;
}

/** What vitest says of each file, by its name; a run that cannot say is a failure. */
async function runFiles(project, paths) {
  process.stdout.write(`\n== vitest ${[project, ...paths].join(" ")}\n`);
  const { status, report } = await timed(project, () => runVitest(root, ["--project", project, ...paths], env));
  const files = report?.testResults ?? [];
  if (report === null) failures.push(`${project}: no report`);
  // An unhandled rejection is no failed test but fails the run.
  else if (status !== 0 && files.flatMap(failuresOf).length === 0) failures.push(`${project}: an error outside of its tests`);
  return new Map(files.map((file) => [file.name, file]));
}

/** A file's failed tests, or why it did not load. */
function failuresOf({ name, status, message, assertionResults }) {
  const failed = assertionResults
    .filter((test) => test.status === "failed")
    .map(({ fullName, failureMessages }) => ({
      title: `${relative(root, name)}: ${fullName}`,
      reason: failureMessages.join("\n"),
    }));
  return failed.length > 0 || status !== "failed" ? failed : [{ title: relative(root, name), reason: message }];
}

function told({ title, reason }) {
  return `${title}\n    ${reason.slice(0, REASON_CHARACTERS)}`;
}

/**
 * Begins a script or command of ours that only later parts wait for, at the lowest priority: it takes the time in which the parts before them
 * wait. What it returns waits for its end, shows what it printed, and returns its exit status.
 */
function begin(title, ...arguments_) {
  const folder = mkdtempSync(join(tmpdir(), "parley-test-"));
  const output = openSync(join(folder, "output"), "w");
  const child = startChild(process.execPath, ["--conditions=source", ...arguments_], {
    cwd: root,
    stdio: ["ignore", output, output],
    env,
  });
  setPriority(child.pid, constants.priority.PRIORITY_LOW);
  closeSync(output);
  return async () => {
    const status = await child.ended;
    process.stdout.write(`\n== ${title}\n${readFileSync(join(folder, "output"), "utf8")}`);
    rmSync(folder, { recursive: true, force: true });
    return status;
  };
}

/** Begins a command of Parley's that counts as a check of its own. */
function prepare(title, ...arguments_) {
  const end = begin(title, join(root, "packages/server/src/cli/main.ts"), ...arguments_);
  return async () => {
    if ((await end()) === 0) passed += 1;
    else failures.push(title);
  };
}

/** Lints deploy/ with the tools that could be had; `.ci/run` wants all that there are for it. */
async function lintDeploy() {
  process.stdout.write("\n== deploy\n");
  const folder = mkdtempSync(join(tmpdir(), "parley-test-"));
  const file = join(folder, "outcomes.json");
  const script = join(root, "scripts/lint-deploy.mjs");
  await timed("deploy", () => runChild(process.execPath, [script, "--json", file], { cwd: root, stdio: "inherit", env }));
  const outcomes = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : null;
  rmSync(folder, { recursive: true, force: true });
  if (outcomes === null) failures.push("deploy: the lint did not end");
  for (const { what, tool, outcome, isOptional } of outcomes ?? []) {
    if (outcome === "right") passed += 1;
    else if (outcome === "wrong" || (env.PARLEY_TEST_DEPLOY === "whole" && !isOptional))
      failures.push(`deploy: ${what} (${tool})`);
    else skipped.push(`deploy: ${what} (${tool})`);
  }
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
  preparing.push(prepare("weights", "pull", "smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b", ...into));
  // One that was named and is not there is a mistake that the tests tell of.
  if (env.PARLEY_LLAMA_SERVER === undefined && !existsSync(llamaServer))
    preparing.push(prepare("llama-server", "engine", "install", ...into));
}
const deployTools = wants("deploy") ? begin("tools for deploy", join(root, "scripts/deploy-tools.mjs")) : null;

if (wants("static")) {
  await check("types", process.execPath, join(root, "node_modules/typescript-7/bin/tsc"), "-p", root);
  await check(
    "types of the Console",
    process.execPath,
    join(root, "node_modules/typescript-7/bin/tsc"),
    "-p",
    join(root, "packages/console"),
  );
}
if (wants("style")) {
  await check("lint", bin("oxlint"), "--type-aware", "--deny-warnings");
  await check("format", bin("oxfmt"), "--check");
  await check("dead code", bin("knip"));
}
if (wants("unit")) await vitest("unit");
if (wants("db")) await vitest("db");
if (wants("db-server")) {
  try {
    const server = await startDebianPostgres();
    if (server) {
      const stop = atEnd(() => server.stop());
      process.stdout.write(`\n== PostgreSQL ${server.version} of the system's packages\n`);
      env.PARLEY_TEST_DATABASE_URL = server.url;
      // What stands on the SQL itself; the tests over HTTP say the same of both, and take minutes.
      const onSql = ["jobs", "ledger", "limits", "money", "storage"];
      await vitest("db", ...onSql.map((area) => `packages/server/src/${area}`), "packages/server/test/money");
      delete env.PARLEY_TEST_DATABASE_URL;
      stop();
    }
  } catch (error) {
    failures.push(`The system's PostgreSQL could not be used: ${error.message}`);
  }
}
if (wants("browser")) {
  if (!ensureConsole(root, process.execPath)) failures.push("the Console could not be built");
  await vitest("browser");
}
if (deployTools !== null) {
  await deployTools();
  await lintDeploy();
}
if (needsEngines) {
  for (const end of preparing) await end();
  env.PARLEY_LLAMA_SERVER = llamaServer;
}
if (wants("model")) await vitest("model");
if (wants("e2e")) {
  if (!ensureConsole(root, process.execPath)) failures.push("the Console could not be built");
  await vitest("e2e");
}

for (const each of skipped) process.stdout.write(`\nSKIPPED ${each}\n`);
for (const each of flaky) process.stdout.write(`\nFLAKY ${each}\n`);
for (const failure of failures) process.stdout.write(`\nFAILED ${failure}\n`);
process.stdout.write(`\n${machine()}\n${seconds.join(", ")}\n${passed} passed, ${failures.length} failed\n`);
process.exit(failures.length === 0 ? 0 : 1);
