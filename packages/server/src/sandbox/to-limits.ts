import type { Config } from "../platform/config.ts";
import type { SandboxLimits } from "./sandbox.ts";

const ENTRIES_MAX = 10_000;

export function toSandboxLimits(config: Config["code_execution"]): SandboxLimits {
  return {
    timeoutMs: config.timeout_seconds * 1_000,
    memoryBytes: config.memory_bytes,
    processes: config.processes,
    diskBytes: config.disk_bytes,
    diskEntries: ENTRIES_MAX,
  };
}
