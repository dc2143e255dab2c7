import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { listProcesses } from "./list-processes.ts";

/** Passes that found something new: each finds what was begun beside the one before, until everything that begins others has been stopped. */
const BUSY_PASSES_MAX = 20;
/** What is being begun while all else is stopped shows in the next pass. */
const QUIET_PASSES = 2;
/** And what was missed, as lists of processes that come and go are never whole, in a later one. */
const LOOK_AGAIN_MS = 250;
/** In the program's namespace: its first process, and the `timeout` that ends it where the server is no more. */
const KEEPERS = 2;

/**
 * Stops what runs in a sandbox until the function that it returns is called; no cgroup is needed. `onEscape` is called once where new processes
 * come faster than they can be stopped.
 */
export function freezeProcesses(pid: number, onEscape: () => void): () => Promise<void> {
  const seen = new Set<number>();
  const stopped: number[] = [];
  const over = new AbortController();

  /** Whether there was anything new. */
  async function stopFresh(): Promise<boolean> {
    const fresh = (await listProcesses(pid)).filter((each) => !seen.has(each));
    for (const each of fresh) {
      seen.add(each);
      if ((await numberInside(each)) <= KEEPERS) continue;
      stopped.push(each);
      trySignal(each, "SIGSTOP");
    }
    return fresh.length > 0;
  }

  async function hold(): Promise<void> {
    let busy = 0;
    let quiet = 0;
    while (!over.signal.aborted) {
      if (await stopFresh()) [busy, quiet] = [busy + 1, 0];
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

/** A process's number in the namespace of the program; 0 for bubblewrap's own, outside it, and for one that has ended. */
async function numberInside(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const numbers = /^NSpid:\s+(.*)$/m.exec(status)?.[1]?.trim().split(/\s+/) ?? [];
  return numbers.length > 1 ? Number(numbers.at(-1)) : 0;
}

function trySignal(pid: number, signal: "SIGSTOP" | "SIGCONT"): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}
