// Runs on the Node.js and npm that the machine has (20 or newer): installs what is missing, then goes on with the
// Node 24 that is one of the dependencies. `launch.mjs up …` starts Parley's CLI, `launch.mjs --test …` the tests,
// `launch.mjs --attack` the attacks, `launch.mjs --package` builds the npm package.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureConsole } from "./ensure-console.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** What needs the development packages too. */
const SCRIPTS = { "--test": "test.mjs", "--attack": "attack.mjs", "--package": "pack.mjs" };
const [first, ...rest] = process.argv.slice(2);
const script = SCRIPTS[first];

ensureInstalled(script !== undefined);
const node = existsSync(join(root, "node_modules/.bin/node")) ? join(root, "node_modules/.bin/node") : process.execPath;
if (first === "up") ensureConsole(root, node);
// Child processes of Parley start the same way: Node 24 reads TypeScript, and `source` picks it over built output.
const nodeOptions = ["--conditions=source", "--disable-warning=ExperimentalWarning"];
const program = script
  ? [join(root, "scripts", script), ...rest]
  : [join(root, "packages/server/src/cli/main.ts"), ...process.argv.slice(2)];

const child = spawn(node, [...nodeOptions, ...program], {
  stdio: "inherit",
  env: {
    ...process.env,
    // Keeps what Node makes of the TypeScript: the second start is quicker and smaller.
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(root, "node_modules/.cache/compiled"),
    PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH ?? ""}`,
  },
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => {
  process.exitCode = code ?? (signal === "SIGINT" ? 130 : 143);
});

/** Installs from the lock file when nothing is installed yet, when the lock changed, or when tests need more. */
function ensureInstalled(withDevelopment) {
  const lockHash = () =>
    createHash("sha256")
      .update(readFileSync(join(root, "package-lock.json")))
      .digest("hex");
  const lock = lockHash();
  const mark = join(root, "node_modules/.parley-install.json");
  const have = existsSync(mark) ? JSON.parse(readFileSync(mark, "utf8")) : null;
  if (have !== null && have.lock === lock && (have.tests || !withDevelopment)) return;
  const scope = withDevelopment ? "everything, with what tests and builds need" : "what Parley needs";
  process.stderr.write(`Installing ${scope} (once; a minute or two) …\n`);
  // Not `npm ci`: npm 11 takes a lock with overridden optional packages for out of date.
  const arguments_ = ["install", "--no-audit", "--no-fund", ...(withDevelopment ? [] : ["--omit=dev"])];
  // npm writes to stderr: stdout belongs to the program's own output.
  const npm = spawnSync("npm", arguments_, { cwd: root, stdio: ["ignore", 2, 2] });
  if (npm.status !== 0) {
    process.stderr.write("The install failed; npm says why above. Mend that and run the command again.\n");
    process.exit(npm.status ?? 1);
  }
  writeFileSync(mark, JSON.stringify({ lock: lockHash(), tests: withDevelopment }));
}
