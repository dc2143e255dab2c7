import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

export interface ProcessInfo {
  readonly pid: number;
  readonly command: string;
}

/** The processes that `root` and its children have started, itself left out. Reads /proc: Linux only, as the tests are. */
export function descendantsOf(root: number): readonly ProcessInfo[] {
  const children = new Map<number, ProcessInfo[]>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const [parent, info] = readProcess(Number(name)) ?? [];
    if (parent === undefined || info === undefined) continue;
    children.set(parent, [...(children.get(parent) ?? []), info]);
  }
  const below = (pid: number): ProcessInfo[] => (children.get(pid) ?? []).flatMap((child) => [child, ...below(child.pid)]);
  return below(root);
}

/** False also for one that has ended and that nobody has asked for its exit code yet. */
export function isRunning(pid: number): boolean {
  try {
    return statOf(pid)[0] !== "Z";
  } catch {
    return false;
  }
}

/** The process that decodes for a started Parley. */
export function enginePid(root: number): number {
  const engine = descendantsOf(root).find(
    ({ command }) => command.includes("node-llama-cpp/child/main") || /^\S*llama-server\S* /.test(command),
  );
  if (!engine) throw new Error(`no engine runs below ${root}`);
  return engine.pid;
}

/** The embedded PostgreSQL's first process; it runs in a session of its own, so its file tells it. */
export function postgresPid(dataDir: string): number {
  return Number(readFileSync(join(dataDir, "postgres", "data", "postmaster.pid"), "utf8").split("\n")[0]);
}

/** Memory of a process that is in RAM and belongs to nobody else: weights that are mapped from their file are left out. */
export function privateBytes(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}: +(\\d+) kB`, "m").exec(rollup)?.[1] ?? 0);
  return kilobytes("Private_Dirty") * 1024;
}

/** The TCP ports, of IPv4, that a process listens on. */
export function listeningPorts(pid: number): readonly number[] {
  const folder = `/proc/${pid}/fd`;
  const inodes = new Set(readdirSync(folder).map((fd) => /^socket:\[(\d+)\]$/.exec(linkOf(join(folder, fd)))?.[1]));
  const rows = readFileSync(`/proc/${pid}/net/tcp`, "utf8").split("\n").slice(1);
  return rows.flatMap((row) => {
    const [, local = "", , state, , , , , , inode] = row.trim().split(/\s+/);
    return state === "0A" && inodes.has(inode) ? [Number.parseInt(local.split(":")[1] ?? "", 16)] : [];
  });
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ""; // Closed meanwhile.
  }
}

function readProcess(pid: number): readonly [parent: number, ProcessInfo] | null {
  try {
    const parent = Number(statOf(pid)[1]);
    return [parent, { pid, command: readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ") }];
  } catch {
    return null; // It ended meanwhile.
  }
}

/** State, parent and what follows them. */
function statOf(pid: number): readonly string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name before them stands in parentheses and may hold any character.
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}
