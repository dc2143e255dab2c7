import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { fingerprintFile } from "./read-gguf.ts";

/** Finds what shows pictures to weights, among those that the operator named by the weights' names. */
export function createProjectorReader(projectors: Readonly<Record<string, string>>, folder: string) {
  return async (weights: string) => {
    const named = Object.hasOwn(projectors, weights) ? projectors[weights] : undefined;
    if (named === undefined) return null;
    const file = resolve(folder, named);
    const { size: bytes } = await stat(file);
    return { file, bytes, fingerprint: await fingerprintFile(file, bytes) };
  };
}
