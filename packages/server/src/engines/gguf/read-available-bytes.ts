import { readFile } from "node:fs/promises";
import { freemem, platform, totalmem } from "node:os";
import { dirname, join } from "node:path";

const CGROUP_ROOT = "/sys/fs/cgroup";

/**
 * Bytes that a new process may take without swapping or being killed: what the machine has left (MemAvailable), or what
 * the tightest control group above us leaves. Page cache counts as free in both: weights that were just fetched fill it.
 */
export async function readAvailableBytes(): Promise<number> {
  // macOS counts nearly all memory as used; half of the whole is a cautious stand-in for what it would give up.
  const machine = platform() === "darwin" ? totalmem() / 2 : freemem();
  const groups = await Promise.all((await ownGroups()).map(groupAvailable));
  return Math.min(machine, ...groups);
}

/** Folders of our control group and of every one above it (version 2). */
async function ownGroups(): Promise<string[]> {
  const path = (await read("/proc/self/cgroup"))?.match(/^0::(\/.*)$/m)?.[1];
  if (path === undefined) return [];
  const folders = [CGROUP_ROOT];
  for (let folder = path; folder !== "/"; folder = dirname(folder)) folders.push(join(CGROUP_ROOT, folder));
  return folders;
}

async function groupAvailable(folder: string): Promise<number> {
  const [limit, used, stat] = await Promise.all(
    ["memory.max", "memory.current", "memory.stat"].map((name) => read(join(folder, name))),
  );
  const limitBytes = Number(limit?.trim() ?? "max");
  if (!Number.isFinite(limitBytes) || used === undefined || used === null) return Number.POSITIVE_INFINITY;
  const cacheBytes =
    Number(stat?.match(/^inactive_file (\d+)$/m)?.[1] ?? 0) + Number(stat?.match(/^active_file (\d+)$/m)?.[1] ?? 0);
  return Math.max(0, limitBytes - Number(used) + cacheBytes);
}

async function read(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return null;
  }
}
