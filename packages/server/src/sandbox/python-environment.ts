import { stat } from "node:fs/promises";
import { join } from "node:path";

/**
 * What code finds installed, pinned: what the platform's own containers have of it, and what document skills need. Each is kept,
 * and BSD, MIT, PSF or Apache licensed.
 */
export const PYTHON_PACKAGES: Readonly<Record<string, string>> = {
  numpy: "2.2.6",
  pandas: "2.2.3",
  matplotlib: "3.10.3",
  openpyxl: "3.1.5",
  "python-docx": "1.2.0",
  "python-pptx": "1.0.2",
  pypdf: "7.1.0",
  reportlab: "5.1.0",
};

/** The interpreter that environments are made of; the sandbox shows `/usr` and so has it, too. */
export const SYSTEM_PYTHON = "/usr/bin/python3";

/** Beside the rest of what `parley sandbox install` makes. */
export function pythonEnvironmentFolder(dataDir: string): string {
  return join(dataDir, "sandbox", "python");
}

/** Its folder where it has been made whole, else null. */
export async function findPythonEnvironment(dataDir: string): Promise<string | null> {
  const folder = pythonEnvironmentFolder(dataDir);
  return (await stat(join(folder, "bin", "python3")).catch(() => null)) === null ? null : folder;
}
