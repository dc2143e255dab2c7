import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { platform } from "node:os";
import { promisify } from "node:util";

export interface ProcessIdentity {
  /** Differs for another process that got the same pid later. */
  readonly started: string;
  /** The command line, arguments joined by spaces. */
  readonly command: string;
}

const run = promisify(execFile);

/** Who runs under this pid; null when nobody does. Reads /proc on Linux (slim images have no `ps`), else asks `ps`. */
export async function processIdentity(pid: number): Promise<ProcessIdentity | null> {
  try {
    if (platform() === "linux") {
      const [stat, commandLine] = await Promise.all([
        readFile(`/proc/${pid}/stat`, "utf8"),
        readFile(`/proc/${pid}/cmdline`, "utf8"),
      ]);
      // Fields are counted from behind the name, which may hold spaces: state is the third, the start time the 22nd.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (fields[0] === "Z") return null;
      return { started: fields[19] ?? "", command: commandLine.replaceAll("\0", " ") };
    }
    const { stdout } = await run("ps", ["-o", "lstart=,command=", "-p", String(pid)]);
    // `lstart` is 24 characters wide: "Sat Nov 21 12:00:00 2026".
    return { started: stdout.slice(0, 24), command: stdout.slice(24).trim() };
  } catch {
    return null;
  }
}
