import { execFile, execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { descendantsOf, type ProcessInfo } from "../../packages/server/test/support/processes.ts";

/** PostgreSQL's own processes: its first one, and those that it has named after their work. */
export const isDatabase = ({ command }: ProcessInfo): boolean => /^(?:\S*\/)?postgres\b/.test(command);

/** What is measured computes here, and nothing else of ours. */
export const GATEWAY_CORE = 0;
/** The client and the stand-in. */
export const HELPERS_CORE = 1;

export interface Running {
  readonly pid: number;
  readonly firstLine: Promise<string>;
  /** Processes that it has started, and theirs. */
  descendants(): readonly ProcessInfo[];
  end(): Promise<void>;
}

export async function spawnPinned(
  core: number,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Running> {
  const child = spawn("taskset", ["-c", String(core), program, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const { promise: firstLine, resolve, reject } = Promise.withResolvers<string>();
  const lines = createInterface({ input: child.stdout });
  lines.once("line", resolve);
  firstLine.catch(() => {});
  void gone.then(() => reject(new Error(`${program} ended before it said anything`)));
  const pid = child.pid ?? 0;
  process.once("exit", () => child.kill("SIGKILL"));
  return {
    pid,
    firstLine,
    descendants: () => descendantsOf(pid),
    async end() {
      child.kill("SIGTERM");
      await Promise.race([gone, sleep(10_000).then(() => child.kill("SIGKILL"))]);
    },
  };
}

/** MiB that the process and its descendants have in memory, what they share counted once; and the process alone. */
export function memoryMib(pid: number): { readonly alone: number; readonly all: number } {
  const alone = pssOf(pid);
  return { alone, all: descendantsOf(pid).reduce((sum, each) => sum + pssOf(each.pid), alone) };
}

function pssOf(pid: number): number {
  try {
    return Number(/^Pss: +(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

export interface Load {
  readonly perSecond: number;
  readonly firstMs: readonly number[];
  readonly wholeMs: readonly number[];
  readonly failures: number;
  readonly lastFailure: string;
}

export async function runClient(file: string, args: readonly string[]): Promise<Load> {
  const { stdout } = await promisify(execFile)("taskset", ["-c", String(HELPERS_CORE), process.execPath, file, ...args], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(stdout) as Load;
}

export function isInstalled(program: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export async function untilListening(port: number): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    const isUp = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true));
      socket.once("error", () => resolve(false)).once("connect", () => socket.destroy());
    });
    if (isUp) return;
    await sleep(100);
  }
  throw new Error(`nothing listens on ${port}`);
}
