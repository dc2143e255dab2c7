import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** The llama-server that tests run: PARLEY_LLAMA_SERVER, else the one on the PATH. Throws when there is none. */
export function testLlamaServer(): string {
  const named = process.env["PARLEY_LLAMA_SERVER"];
  const candidates = named ? [named] : (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "llama-server"));
  for (const candidate of candidates) {
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      continue;
    }
  }
  throw new Error("llama-server is missing: run `parley engine install` and set PARLEY_LLAMA_SERVER to the binary");
}
