import { measureFolder } from "./measure-folder.ts";
import { measureProcesses } from "./measure-processes.ts";
import type { SandboxEnd, SandboxLimits } from "./sandbox.ts";

const MEMORY_EVERY_MS = 50;
const DISK_EVERY_MS = 250;
/** While a program waits it is looked at less often: there may be many that do. */
const IDLE_FACTOR = 5;

/**
 * Watches what no limit of the kernel's bounds without a cgroup: the memory of all processes together, and the container's
 * folder. Calls `onOver` once, within a tick of what was too much; stop it by calling what it returns.
 */
export function watchRun(
  {
    pid,
    folder,
    limits,
    isIdle,
  }: {
    readonly pid: number;
    readonly folder: string;
    readonly limits: SandboxLimits;
    readonly isIdle: () => boolean;
  },
  onOver: (end: SandboxEnd) => void,
): () => void {
  let isOver = false;
  const timers = new Set<NodeJS.Timeout>();

  /** Again only once it has ended: a folder of many files takes longer to count than the pause. */
  function every(ms: number, check: () => Promise<SandboxEnd | null>): void {
    const pauseMs = isIdle() ? ms * IDLE_FACTOR : ms;
    const timer = setTimeout(() => {
      timers.delete(timer);
      void check().then((end) => {
        if (isOver) return;
        if (end === null) return every(ms, check);
        isOver = true;
        onOver(end);
      });
    }, pauseMs);
    timers.add(timer);
  }

  every(MEMORY_EVERY_MS, async () => {
    const { bytes } = await measureProcesses(pid);
    return bytes > limits.memoryBytes ? "memory" : null;
  });
  const most = { bytes: limits.diskBytes, entries: limits.diskEntries };
  every(DISK_EVERY_MS, async () => {
    const { bytes, entries } = await measureFolder(folder, most);
    return bytes > most.bytes || entries > most.entries ? "disk" : null;
  });

  return () => {
    isOver = true;
    for (const timer of timers) clearTimeout(timer);
  };
}
