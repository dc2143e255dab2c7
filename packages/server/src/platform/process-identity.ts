import { execFileSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";

/**
 * A running process, told apart from a later one that was given the same pid (containers re-use small pids all the time).
 * `startedAt` is opaque: equal texts mean the same process.
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startedAt: string;
}

/** The process that now has this pid; null when there is none or it is a zombie. */
export function identifyProcess(pid: number): ProcessIdentity | null {
  return process.platform === "linux" ? identifyOnLinux(pid) : identifyByPs(pid);
}

export function isAlive(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.startedAt === identity.startedAt;
}

/** This very process. */
export function identifySelf(): ProcessIdentity {
  return identifyProcess(process.pid) ?? { pid: process.pid, startedAt: "unknown" };
}

/** True when the process runs with `directory` as its working directory or names it on its command line. */
export function processUsesDirectory(pid: number, directory: string): boolean {
  if (process.platform === "linux") {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === directory;
    } catch {
      // Another user's process: its command line is still readable.
    }
  }
  return commandLineOf(pid)?.includes(directory) ?? false;
}

/** The command line, arguments joined by spaces; null when no such process runs. Slim images have no `ps`, but /proc. */
export function commandLineOf(pid: number): string | null {
  if (process.platform !== "linux") return ps(pid, "command");
  return readTextOrNull(`/proc/${pid}/cmdline`)?.replaceAll("\0", " ") ?? null;
}

function identifyOnLinux(pid: number): ProcessIdentity | null {
  const stat = readTextOrNull(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const state = fields[0];
  const startTicks = fields[19];
  if (state === "Z" || state === "X" || startTicks === undefined) return null;
  // Ticks count from boot, so the boot is part of the identity.
  const boot = readTextOrNull("/proc/sys/kernel/random/boot_id")?.trim() ?? "";
  return { pid, startedAt: `${boot}:${startTicks}` };
}

function identifyByPs(pid: number): ProcessIdentity | null {
  const line = ps(pid, "state=,lstart");
  if (line === null || line.startsWith("Z")) return null;
  return { pid, startedAt: line.replace(/^\S+\s+/, "") };
}

function ps(pid: number, columns: string): string | null {
  try {
    const text = execFileSync("ps", ["-o", `${columns}=`, "-p", String(pid)], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return text.trim() || null;
  } catch {
    return null;
  }
}

function readTextOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
