import { mkdir, symlink } from "node:fs/promises";
import { dirname } from "node:path";
import { installPythonEnvironment } from "../../src/sandbox/install-python-environment.ts";
import { findPythonEnvironment, pythonEnvironmentFolder } from "../../src/sandbox/python-environment.ts";
import { modelsFolder } from "./start-parley.ts";

/** The Python environment of `parley sandbox install`, beside the weights: the first test that needs it installs it. */
export async function testPython(): Promise<string> {
  const dataDir = dirname(modelsFolder());
  const found = await findPythonEnvironment(dataDir);
  if (found !== null) return found;
  const { signal } = new AbortController();
  return installPythonEnvironment({ dataDir, env: process.env, onProgress: () => {}, signal });
}

/** Gives it to a server that starts with this data folder. */
export async function lendPython(dataDir: string): Promise<void> {
  const place = pythonEnvironmentFolder(dataDir);
  await mkdir(dirname(place), { recursive: true });
  await symlink(await testPython(), place);
}
