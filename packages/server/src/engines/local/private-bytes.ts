import { readFile } from "node:fs/promises";

/** Memory of a process that no file backs, on Linux; 0 elsewhere and for a process that is gone. */
export async function privateBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}
