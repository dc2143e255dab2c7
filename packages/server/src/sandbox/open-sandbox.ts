import { join } from "node:path";
import { createSandbox } from "./create-sandbox.ts";
import { findSandbox, type FoundSandbox, type SandboxProblem } from "./find-sandbox.ts";
import { findPythonEnvironment } from "./python-environment.ts";
import type { Sandbox, SandboxLimits } from "./sandbox.ts";

/** The sandbox of this machine, or why there is none. */
export async function openSandbox(
  dataDir: string,
  limits: SandboxLimits,
): Promise<{ readonly sandbox: Sandbox } | { readonly sandbox: null; readonly problem: SandboxProblem }> {
  const found = await lookForSandbox(dataDir);
  return "reason" in found ? { sandbox: null, problem: found } : { sandbox: createSandbox(found, limits) };
}

export async function lookForSandbox(dataDir: string): Promise<FoundSandbox | SandboxProblem> {
  return findSandbox({
    folder: join(dataDir, "sandbox"),
    pythonFolder: await findPythonEnvironment(dataDir),
    env: process.env,
    processUserId: process.getuid?.() ?? null,
  });
}
