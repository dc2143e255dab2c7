import type { ChildProcess } from "node:child_process";

/** Ends the child when this process ends, also on Ctrl-C and SIGTERM: an engine left behind would disturb the next run. */
export function endWithUs(child: ChildProcess): void {
  if (process.listenerCount("SIGTERM") === 0) {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));
  }
  const end = (): void => void child.kill("SIGTERM");
  process.once("exit", end);
  child.once("exit", () => process.off("exit", end));
}
