import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const RunFileSchema = z.object({ pid: z.int(), url: z.string() });

/** Where a running server of this data folder can be reached; other commands of the CLI read it. */
export type RunFile = z.infer<typeof RunFileSchema>;

const fileIn = (dataDir: string): string => join(dataDir, "run", "server.json");

export function writeRunFile(dataDir: string, run: RunFile): void {
  mkdirSync(join(dataDir, "run"), { recursive: true, mode: 0o700 });
  writeFileSync(fileIn(dataDir), JSON.stringify(run));
}

export function removeRunFile(dataDir: string): void {
  rmSync(fileIn(dataDir), { force: true });
}

/** The running server, or null when there is none (a file that a crash left behind counts as none). */
export function readRunFile(dataDir: string): RunFile | null {
  try {
    const run = RunFileSchema.parse(JSON.parse(readFileSync(fileIn(dataDir), "utf8")));
    process.kill(run.pid, 0);
    return run;
  } catch {
    return null;
  }
}
