import { cpus } from "node:os";
import type { CpuReading } from "./thread-governor.ts";

/** About 40 µs on two cores: once a step, beside some ten milliseconds of computing. */
export function readCpu(): CpuReading {
  const { user, system } = process.cpuUsage();
  return {
    wallMs: performance.now(),
    processMs: (user + system) / 1000,
    idleMs: cpus().reduce((total, { times }) => total + times.idle, 0),
  };
}
