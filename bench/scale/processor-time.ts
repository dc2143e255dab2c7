import { readdirSync, readFileSync } from "node:fs";
import { descendantsOf } from "../../packages/server/test/support/processes.ts";

export interface ProcessorTime {
  readonly cpuMs: number;
  /** For which threads were ready and no core was free. */
  readonly waitedMs: number;
}

const NS_PER_MS = 1_000_000;
const NONE: ProcessorTime = { cpuMs: 0, waitedMs: 0 };

/** What the threads of a process have computed and waited; the scheduler counts both by the nanosecond. */
function processorTimeOf(pid: number): ProcessorTime {
  return readdirOrNone(`/proc/${pid}/task`)
    .map((thread) => timeOf(`/proc/${pid}/task/${thread}/schedstat`))
    .reduce(add, NONE);
}

/** Of the process and all that it has started and that still runs. */
export function processorTimeBelow(pid: number): ProcessorTime {
  return [pid, ...descendantsOf(pid).map((each) => each.pid)].map(processorTimeOf).reduce(add, NONE);
}

export const cpuMsOf = (pid: number): number => processorTimeOf(pid).cpuMs;
export const cpuMsBelow = (pid: number): number => processorTimeBelow(pid).cpuMs;

export function add(a: ProcessorTime, b: ProcessorTime): ProcessorTime {
  return { cpuMs: a.cpuMs + b.cpuMs, waitedMs: a.waitedMs + b.waitedMs };
}

function timeOf(file: string): ProcessorTime {
  try {
    const [computed, waited] = readFileSync(file, "utf8").split(" ").map(Number);
    return { cpuMs: (computed ?? 0) / NS_PER_MS, waitedMs: (waited ?? 0) / NS_PER_MS };
  } catch {
    // It has ended meanwhile.
    return NONE;
  }
}

function readdirOrNone(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
