import { readFile } from "node:fs/promises";
import { listProcesses } from "./list-processes.ts";

/** The memory of a process and of all that it has begun, as far as it is theirs alone: what is mapped from files is not. */
export async function measureProcesses(pid: number): Promise<{ readonly bytes: number; readonly processes: number }> {
  let bytes = 0;
  const processes = await listProcesses(pid);
  for (const each of processes) bytes += await ownBytes(each);
  return { bytes, processes: processes.length };
}

async function ownBytes(pid: number): Promise<number> {
  // One that has just ended has no such file, and no memory.
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kilobytes = ["RssAnon", "RssShmem", "VmSwap"].map((name) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0),
  );
  return kilobytes.reduce((sum, each) => sum + each, 0) * 1024;
}
