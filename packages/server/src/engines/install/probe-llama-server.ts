import { execFile } from "node:child_process";
import { promisify } from "node:util";

export type ProbeResult =
  | { readonly usable: true; readonly version: string }
  | { readonly usable: false; readonly reason: string };

/** Oldest version whose `/completion` this driver was written against. Older builds were numbered ("version: 6543"). */
const MINIMUM = [0, 5] as const;
const PROBE_TIMEOUT_MS = 20_000;
const run = promisify(execFile);

/** Runs `BINARY --version`. Never throws: what does not run is not usable, with the reason. */
export async function probeLlamaServer(binary: string): Promise<ProbeResult> {
  try {
    const { stdout, stderr } = await run(binary, ["--version"], { timeout: PROBE_TIMEOUT_MS });
    return readVersion(stdout + stderr);
  } catch (error) {
    return { usable: false, reason: describe(error) };
  }
}

/** Reads the version from what `--version` prints. */
export function readVersion(output: string): ProbeResult {
  const version = /^version:\s*(\S+)/m.exec(output)?.[1];
  if (version === undefined) return { usable: false, reason: "it does not say a llama.cpp version" };
  const numbers = /^(\d+)\.(\d+)\.\d+/.exec(version);
  const [major, minor] = [Number(numbers?.[1] ?? -1), Number(numbers?.[2] ?? -1)];
  if (major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1])) return { usable: true, version };
  return { usable: false, reason: `version ${version} is older than ${MINIMUM.join(".")}` };
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return "it did not run";
  if ("killed" in error && error.killed === true) return "it did not answer in time";
  if ("signal" in error && typeof error.signal === "string") return `it was ended by ${error.signal}`;
  if ("code" in error && error.code === "ENOENT") return "there is no such file";
  if ("code" in error && error.code === "EACCES") return "it is not executable";
  return error.message.split("\n")[0] ?? "it did not run";
}
