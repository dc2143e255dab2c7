import { spawn } from "node:child_process";
import { access, constants, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { PYTHON_PACKAGES, pythonEnvironmentFolder, SYSTEM_PYTHON } from "./python-environment.ts";

export class PythonInstallError extends Error {
  override readonly name = "PythonInstallError";
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}

export interface InstallPythonOptions {
  readonly dataDir: string;
  /** Where pip finds its settings and its cache. */
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Makes the environment anew beside the old one, and puts it in its place once it is whole. */
export async function installPythonEnvironment({ dataDir, env, onProgress, signal }: InstallPythonOptions): Promise<string> {
  const folder = pythonEnvironmentFolder(dataDir);
  const fresh = `${folder}.new`;
  await mkdir(join(folder, ".."), { recursive: true });
  await rm(fresh, { recursive: true, force: true });
  try {
    await access(SYSTEM_PYTHON, constants.X_OK);
  } catch {
    throw new PythonInstallError(`There is no ${SYSTEM_PYTHON}.`, "Install the packages python3 and python3-venv.");
  }
  const run = (program: string, args: readonly string[]): Promise<void> => runTold(program, args, { env, onProgress, signal });
  try {
    // Not copied: what is mounted in the sandbox beside it has the interpreter.
    await run(SYSTEM_PYTHON, ["-m", "venv", "--symlinks", fresh]);
    const pins = Object.entries(PYTHON_PACKAGES).map(([name, version]) => `${name}==${version}`);
    const quiet = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"];
    // Wheels alone: building from source would run what the packages say, as this user.
    await run(join(fresh, "bin", "python3"), ["-m", "pip", "install", ...quiet, "--only-binary", ":all:", ...pins]);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
  await rm(folder, { recursive: true, force: true });
  await rename(fresh, folder);
  return folder;
}

async function runTold(
  program: string,
  args: readonly string[],
  { env, onProgress, signal }: Pick<InstallPythonOptions, "env" | "onProgress" | "signal">,
): Promise<void> {
  const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"], signal });
  let last = "";
  const tell = (chunk: Buffer): void => {
    for (const line of chunk
      .toString()
      .split("\n")
      .filter((each) => each.trim() !== "")) {
      last = line.trim();
      onProgress(last);
    }
  };
  child.stdout.on("data", tell);
  child.stderr.on("data", tell);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  child.once("error", reject);
  child.once("close", (code) => {
    if (code === 0) return resolve();
    const remedy = /ensurepip|venv/.test(last)
      ? "Install the package python3-venv."
      : "Check that pip can reach its package index (`pip config list` shows which), and try again.";
    reject(new PythonInstallError(last === "" ? `${program} ended with ${code}` : last, remedy));
  });
  await promise;
}
