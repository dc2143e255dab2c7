import type { FetchOptions } from "./fetch-weights.ts";

export type FetchSettings = Pick<FetchOptions, "localMirror" | "hubUrl" | "python">;

/** Where weights are fetched from, as the environment says. */
export function readFetchSettings(env: NodeJS.ProcessEnv): FetchSettings {
  return {
    localMirror: env["PARLEY_WEIGHTS_MIRROR"] ?? null,
    hubUrl: env["HF_ENDPOINT"] ?? "https://huggingface.co",
    python: env["PARLEY_PYTHON"] ?? "python3",
  };
}
