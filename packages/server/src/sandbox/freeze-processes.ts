import { readFile } from "node:fs/promises";
import { constants } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { identifyProcess, isAlive } from "../platform/process-identity.ts";
import { listProcesses } from "./list-processes.ts";

/**
 * Passes, in all, that found something that ran: each finds what was begun, or woken by another, beside the one before, until everything that begins
 * or wakes others has been stopped.
 */
const BUSY_PASSES_MAX = 20;
/** What is being begun while all else is stopped shows in the next pass. */
const QUIET_PASSES = 2;
/** And what was missed, as lists of processes that come and go are never whole, in a later one. */
const LOOK_AGAIN_MS = 250;
/** In the program's namespace: its first process, and the `timeout` that ends it where the server is no more. */
const KEEPERS = 2;
/** Stopped (also by a tracer), or ended. */
const HELD_STATES = /^[TtZX]/;
/** Of a mask of signals: one that is told to stop and waits for a processor computes nothing any more. */
const SIGSTOP_BIT = 1n << BigInt(constants.signals.SIGSTOP - 1);

/**
 * Stops what runs in a sandbox until the function that it returns is called, or the sandbox is no more; no cgroup is needed. `onEscape` is
 * called once where processes come, or wake one another, faster than they can be stopped.
 */
export function freezeProcesses(pid: number, onEscape: () => void): () => Promise<void> {
  const sandbox = identifyProcess(pid);
  const isThere = (): boolean => sandbox !== null && isAlive(sandbox);
  const stopped = new Set<number>();
  const over = new AbortController();

  /** Whether anything ran. All are stopped in one go: between two of them one could wake the other. */
  async function stopRunning(): Promise<boolean> {
    const running: number[] = [];
    for (const each of await listProcesses(pid)) if (await isRunning(each)) running.push(each);
    for (const each of running) {
      stopped.add(each);
      trySignal(each, "SIGSTOP");
    }
    return running.length > 0;
  }

  async function hold(): Promise<void> {
    let busy = 0;
    let quiet = 0;
    // Its number is given to others once it has ended.
    while (!over.signal.aborted && isThere()) {
      if (await stopRunning()) [busy, quiet] = [busy + 1, 0];
      else quiet += 1;
      if (busy > BUSY_PASSES_MAX) return onEscape();
      if (quiet >= QUIET_PASSES) await pause(LOOK_AGAIN_MS, undefined, { signal: over.signal }).catch(() => {});
    }
  }

  const held = hold();
  return async () => {
    over.abort();
    await held;
    for (const each of stopped) trySignal(each, "SIGCONT");
  };
}

/** Whether it is the program's own, not bubblewrap's outside of its namespace, and may compute. */
async function isRunning(pid: number): Promise<boolean> {
  // One that has ended has no such file.
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const field = (name: string): string => new RegExp(`^${name}:\\s+(.*)$`, "m").exec(status)?.[1]?.trim() ?? "";
  const numbers = field("NSpid").split(/\s+/);
  if (numbers.length < 2 || Number(numbers.at(-1)) <= KEEPERS || HELD_STATES.test(field("State"))) return false;
  return (BigInt(`0x${field("ShdPnd") || "0"}`) & SIGSTOP_BIT) === 0n;
}

function trySignal(pid: number, signal: "SIGSTOP" | "SIGCONT"): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}
