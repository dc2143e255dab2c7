// Runs before and after `npm pack` of the server: puts the built Console beside `dist`, where the published package looks for
// it, and takes it away again, so that a clone goes on with its own build.
import { cpSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureConsole } from "./ensure-console.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const shipped = join(root, "packages/server/console");

rmSync(shipped, { recursive: true, force: true });
if (process.argv[2] !== "--undo") {
  // A package without its Console is not what was promised.
  if (!ensureConsole(root, process.execPath)) process.exit(1);
  cpSync(join(root, "packages/console/dist"), shipped, { recursive: true });
}
