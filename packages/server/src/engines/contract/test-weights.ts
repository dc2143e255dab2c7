import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** The weights that tests use; the names are those of the files. */
export type TestWeights =
  | "SmolLM2-135M-Instruct.Q4_1.gguf"
  | "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"
  | "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf";

/** Path of real weights: the folder in PARLEY_TEST_MODELS, else the one `parley pull` fills. Throws when they are missing:
 *  a test that skips itself proves nothing. */
export function testWeights(name: TestWeights): string {
  const folder = process.env["PARLEY_TEST_MODELS"] ?? join(homedir(), ".parley", "models");
  const file = join(folder, name);
  if (!existsSync(file)) {
    throw new Error(`${file} is missing: fetch it with \`parley pull\`, or set PARLEY_TEST_MODELS to the folder that has it`);
  }
  return file;
}
