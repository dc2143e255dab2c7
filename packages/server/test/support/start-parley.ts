import { type ChildProcess, spawn } from "node:child_process";
import { link, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const root = join(import.meta.dirname, "../../../..");

export const SMALL = "smollm2-135m-instruct-q4_1";
export const HALF = "qwen2.5-coder-0.5b-instruct-q4_k_m";
export const LARGE = "qwen2.5-coder-1.5b-instruct-q4_k_m";

const FILES: Readonly<Record<string, string>> = {
  [SMALL]: "SmolLM2-135M-Instruct.Q4_1.gguf",
  [HALF]: "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
  [LARGE]: "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
};

/** Weights that earlier steps of `npm test` have fetched. */
export const modelsFolder = (): string => process.env["PARLEY_TEST_MODELS"] ?? join(homedir(), ".parley", "models");

export interface RunningParley extends AsyncDisposable {
  readonly url: string;
  readonly apiKey: string;
  /** The owner's link, while nobody owns it. */
  readonly consoleUrl: string | null;
  readonly dataDir: string;
  readonly child: ChildProcess;
  /** What the server wrote to stderr. */
  readonly log: () => string;
  /** SIGTERM, and waits. */
  stop(): Promise<number | null>;
  kill(): Promise<void>;
}

export interface ParleyOptions {
  /** Weights that answer for every model. */
  readonly model: string;
  /** A data folder of an earlier run; a fresh one if left out. */
  readonly dataDir?: string;
  /** The key of that earlier run. */
  readonly apiKey?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What Node runs; the checkout's sources if left out. */
  readonly program?: readonly string[];
}

const SOURCES = ["--conditions=source", join(root, "packages/server/src/cli/main.ts")];

/** Starts Parley as a user does, `up --json`, on a port and a data folder of its own. */
export async function startParley(options: ParleyOptions): Promise<RunningParley> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "parley-e2e-")));
  await lendWeights(dataDir, options.model);
  const child = spawn(
    process.execPath,
    [...(options.program ?? SOURCES), "up", "--json", "--port", "0", "--data", dataDir, "--model", options.model],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        NODE_COMPILE_CACHE: join(root, "node_modules/.cache/compiled"),
        ...process.env,
        PARLEY_CACHE_MINIMUM_TOKENS: "64",
        ...options.env,
      },
    },
  );
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-400_000);
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  const line = await Promise.race([
    firstLine(child),
    ended.then((code) => Promise.reject(new Error(`Parley ended with ${String(code)}:\n${log}`))),
  ]);
  const said = JSON.parse(line) as { url: string; api_key: string | null; console: string | null };
  const { url, api_key: apiKey, console: consoleUrl } = said;
  const stop = async (): Promise<number | null> => {
    child.kill("SIGTERM");
    return ended;
  };
  return {
    url,
    apiKey: apiKey ?? options.apiKey ?? "",
    consoleUrl,
    dataDir,
    child,
    log: () => log,
    stop,
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) await stop();
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("stdout is not a pipe");
  return new Promise((resolve) => createInterface({ input: child.stdout! }).once("line", resolve));
}

/** Puts the weights into a data folder without copying them. */
export async function lendWeights(dataDir: string, model: string): Promise<void> {
  const name = FILES[model];
  if (name === undefined) throw new Error(`no test weights are called ${model}`);
  await mkdir(join(dataDir, "models"), { recursive: true });
  const [from, to] = [join(modelsFolder(), name), join(dataDir, "models", name)];
  await link(from, to)
    .catch((error: NodeJS.ErrnoException) => (error.code === "EXDEV" ? symlink(from, to) : Promise.reject(error)))
    .catch((error: NodeJS.ErrnoException) => (error.code === "EEXIST" ? undefined : Promise.reject(error)));
}
