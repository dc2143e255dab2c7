import { installPythonEnvironment, PythonInstallError } from "../../sandbox/install-python-environment.ts";
import { lookForSandbox } from "../../sandbox/open-sandbox.ts";
import { findPythonEnvironment, PYTHON_PACKAGES } from "../../sandbox/python-environment.ts";
import { type CliContext, UserError } from "../cli-context.ts";

/** Whether code can run here, and with which Python. */
export async function showSandbox(context: CliContext): Promise<void> {
  const found = await lookForSandbox(context.dataDir);
  const python = await findPythonEnvironment(context.dataDir);
  const problem = "reason" in found ? found : null;
  context.emit({ works: problem === null, problem, python });
  context.say(problem === null ? "The sandbox works." : `There is no sandbox: ${problem.reason}\n${problem.remedy}`);
  context.say(
    python === null
      ? "Code has the system's Python alone: `parley sandbox install` adds numpy, pandas, matplotlib and others."
      : `Python packages: ${python}`,
  );
}

export async function installSandbox(context: CliContext, signal: AbortSignal): Promise<void> {
  try {
    const { dataDir } = context;
    context.tell(`Installing ${Object.keys(PYTHON_PACKAGES).join(", ")}`);
    const folder = await installPythonEnvironment({
      dataDir,
      env: process.env,
      onProgress: (line) => context.tell(line),
      signal,
    });
    context.say(`The Python environment is at ${folder}. Parley uses it from its next start on.`);
    context.emit({ folder, packages: PYTHON_PACKAGES });
  } catch (error) {
    if (error instanceof PythonInstallError) throw new UserError(`${error.message}\n${error.remedy}`);
    throw error;
  }
}
