import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { identifyProcess } from "../../platform/process-identity.ts";
import { createEngineFolder, endOrphanedEngines } from "./run-folder.ts";

let runFolder: string;
beforeEach(async () => {
  runFolder = await mkdtemp(join(tmpdir(), "parley-run-"));
});
afterEach(() => rm(runFolder, { recursive: true, force: true }));

/** A process that waits, with `word` in its command line. */
function waiting(word: string) {
  return spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)", word], { stdio: "ignore" });
}

test("an engine whose owner lives is left alone", async () => {
  const folder = await createEngineFolder(runFolder);
  const engine = waiting(folder.path);
  await folder.record(engine.pid ?? 0);
  expect(await endOrphanedEngines(runFolder)).toEqual([]);
  expect(identifyProcess(engine.pid ?? 0)).not.toBeNull();
  engine.kill("SIGKILL");
  await once(engine, "exit");
  await folder.remove();
  expect(await readdir(runFolder)).toEqual([]);
});

test("an engine whose owner is gone is ended, a stranger with its pid is not", async () => {
  const gone = spawnSync(process.execPath, ["-e", ""]).pid;
  const { path } = await createEngineFolder(runFolder);
  const [engine, stranger] = [waiting(path), waiting("something else")];
  for (const { pid } of [engine, stranger]) {
    const record = { pid, folder: path, owner: { pid: gone, startedAt: "long ago" } };
    await writeFile(join(runFolder, `llama-server-${pid}.json`), JSON.stringify(record));
  }
  const exited = once(engine, "exit");
  expect(await endOrphanedEngines(runFolder)).toEqual([engine.pid]);
  expect((await exited)[1]).toBe("SIGKILL");
  expect(identifyProcess(stranger.pid ?? 0)).not.toBeNull();
  stranger.kill("SIGKILL");
  expect(await readdir(runFolder)).toEqual([]);
  await expect(access(path)).rejects.toThrow("ENOENT");
});
