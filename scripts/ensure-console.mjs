// Builds the Console when there is no build yet, or when a source is newer than it.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const SOURCES = ["packages/console/src", "packages/console/public", "packages/wire/src"];
const SINGLE_SOURCES = ["packages/console/index.html", "packages/console/vite.config.ts", "package-lock.json"];

/** True when the build is there and up to date; a failed one leaves the server without its Console. */
export function ensureConsole(root, node) {
  const built = join(root, "packages/console/dist/index.html");
  if (existsSync(built) && statSync(built).mtimeMs >= newestMs(root)) return true;
  process.stderr.write("Building the Console (a few seconds) …\n");
  const { status } = spawnSync(node, [join(root, "node_modules/vite/bin/vite.js"), "build", "--logLevel", "warn"], {
    cwd: join(root, "packages/console"),
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0) process.stderr.write("The Console could not be built; the API works without it.\n");
  return status === 0;
}

function newestMs(root) {
  const singles = SINGLE_SOURCES.map((path) => join(root, path));
  const inFolders = SOURCES.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true }).map((entry) =>
      join(entry.parentPath ?? entry.path, entry.name),
    ),
  );
  return Math.max(...[...singles, ...inFolders].map((path) => statSync(path).mtimeMs));
}
