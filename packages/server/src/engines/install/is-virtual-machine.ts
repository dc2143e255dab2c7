import { readFile } from "node:fs/promises";

/** Whether the processor says that a hypervisor runs below. False where it does not tell (ARM, macOS). */
export async function isVirtualMachine(cpuInfo = "/proc/cpuinfo"): Promise<boolean> {
  const text = await readFile(cpuInfo, "utf8").catch(() => "");
  return /^flags\s*:.*\bhypervisor\b/m.test(text);
}
