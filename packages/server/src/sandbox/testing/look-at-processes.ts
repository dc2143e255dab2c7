import { readdir, readFile } from "node:fs/promises";

/** Whether any process of this machine has the word on its command line. */
export async function isRunning(word: string): Promise<boolean> {
  return (await commandLines()).some((line) => line.includes(word) && !line.includes("run-forever"));
}

/** Of the processes of a word, as the system has it: `T` is stopped. */
export async function statesOf(word: string): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const read = (pid: string, file: string) => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
  const all = await Promise.all(pids.map(async (pid) => [await read(pid, "cmdline"), await read(pid, "stat")] as const));
  return all.flatMap(([line, stat]) => (line.includes(word) ? [/\) (\S)/.exec(stat)?.[1] ?? "gone"] : []));
}

export async function commandLines(): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return lines.map((line) => line.replaceAll("\0", " "));
}

export async function untilAsync(condition: () => Promise<boolean>, withinMs = 20_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error("it did not happen in time");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
