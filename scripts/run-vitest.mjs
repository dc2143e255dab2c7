import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runChild } from "./children.mjs";

/** Runs vitest with its output shown; returns how it ended and its JSON report, null where it could not write one. */
export async function runVitest(root, commandLine, env) {
  const folder = mkdtempSync(join(tmpdir(), "parley-vitest-"));
  const file = join(folder, "report.json");
  const status = await runChild(
    process.execPath,
    [
      join(root, "node_modules/vitest/vitest.mjs"),
      "run",
      ...commandLine,
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${file}`,
    ],
    { cwd: root, stdio: "inherit", env },
  );
  const report = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : null;
  rmSync(folder, { recursive: true, force: true });
  return { status, report };
}
