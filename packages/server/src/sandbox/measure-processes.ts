import { readdir, readFile } from "node:fs/promises";

/** The memory of a process and of all that it has begun, as far as it is theirs alone: what is mapped from files is not. */
export async function measureProcesses(pid: number): Promise<{ readonly bytes: number; readonly processes: number }> {
  let bytes = 0;
  let processes = 0;
  const waiting = [pid];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    processes += 1;
    bytes += await ownBytes(next);
    waiting.push(...(await childrenOf(next)));
  }
  return { bytes, processes };
}

async function ownBytes(pid: number): Promise<number> {
  // One that has just ended has no such file, and no memory.
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kilobytes = ["RssAnon", "RssShmem", "VmSwap"].map((name) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0),
  );
  return kilobytes.reduce((sum, each) => sum + each, 0) * 1024;
}

async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, "utf8").catch(() => "")),
  );
  return lists.flatMap((list) =>
    list
      .split(" ")
      .filter((word) => word !== "")
      .map(Number),
  );
}
