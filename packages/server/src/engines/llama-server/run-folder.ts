import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { z } from "zod";
import { commandLineOf, identifySelf, isAlive } from "../../platform/process-identity.ts";

const FOLDER_PREFIX = "parley-engine-";
const RECORD = /^llama-server-\d+\.json$/;

const EngineRecord = z.object({
  pid: z.int().positive(),
  /** Private folder with the engine's socket; its name is in the engine's command line, so it tells our child from a stranger. */
  folder: z.string(),
  owner: z.object({ pid: z.int().positive(), startedAt: z.string() }),
});

export interface EngineFolder {
  readonly path: string;
  readonly socket: string;
  /** `--slot-save-path`: holds symbolic links to the snapshots, so that no snapshot is ever copied. */
  readonly snapshots: string;
  /** Notes in the run folder which process belongs to this folder. */
  record(pid: number): Promise<void>;
  remove(): Promise<void>;
}

/**
 * Makes a private folder (0700) for one engine. It lies in the system's temporary folder, because a socket's path may
 * have no more than about 100 bytes; the record of it lies in `runFolder`.
 */
export async function createEngineFolder(runFolder: string): Promise<EngineFolder> {
  await mkdir(runFolder, { recursive: true, mode: 0o700 });
  const path = await mkdtemp(join(tmpdir(), FOLDER_PREFIX));
  const snapshots = join(path, "snapshots");
  await mkdir(snapshots, { mode: 0o700 });
  let recordFile: string | undefined;
  return {
    path,
    // The suffix is how llama-server tells a socket from a host name.
    socket: join(path, "engine.sock"),
    snapshots,
    async record(pid) {
      recordFile = join(runFolder, `llama-server-${pid}.json`);
      const record: z.infer<typeof EngineRecord> = { pid, folder: path, owner: identifySelf() };
      await writeFile(recordFile, JSON.stringify(record), { mode: 0o600 });
    },
    async remove() {
      await rm(path, { recursive: true, force: true });
      if (recordFile) await rm(recordFile, { force: true });
    },
  };
}

/**
 * Ends engines whose owner died without ending them. Returns their pids. Touches nothing whose owner lives, and no
 * process that merely has the recorded pid.
 */
export async function endOrphanedEngines(runFolder: string): Promise<readonly number[]> {
  const names = await readdir(runFolder).catch(() => []);
  const ended: number[] = [];
  for (const name of names.filter((candidate) => RECORD.test(candidate))) {
    const file = join(runFolder, name);
    const record = EngineRecord.safeParse(await readJson(file));
    if (!record.success) {
      await rm(file, { force: true });
      continue;
    }
    const { pid, folder, owner } = record.data;
    if (isAlive(owner)) continue;
    if (commandLineOf(pid)?.includes(folder)) {
      process.kill(pid, "SIGKILL");
      ended.push(pid);
    }
    if (basename(folder).startsWith(FOLDER_PREFIX)) await rm(folder, { recursive: true, force: true });
    await rm(file, { force: true });
  }
  return ended;
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch {
    return undefined;
  }
}
