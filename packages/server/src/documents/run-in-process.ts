import { fork } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** Why a process gave no answer; what it was given is at fault, not the server. */
export type ProcessFault = "too-slow" | "too-large" | "died";

export class ProcessError extends Error {
  override readonly name = "ProcessError";
  readonly fault: ProcessFault;

  constructor(fault: ProcessFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

export interface ProcessLimits {
  readonly timeoutMs: number;
  /** What V8 may keep; buffers and WebAssembly are not in it. */
  readonly heapMegabytes: number;
  /** All of the process's memory, where the system tells it (Linux). */
  readonly memoryMaxBytes: number;
}

const WATCH_MS = 50;
const PAGE_BYTES = 4096;

/**
 * Runs a script once in a process of its own and returns the one message that it sends back. What a hostile document does
 * to time, memory or V8 itself ends with that process: threads were tried, and one took the server with it. Throws
 * `ProcessError`, or the signal's reason.
 */
export async function runInProcess<Reply>(
  script: URL,
  task: Readonly<Record<string, unknown>>,
  limits: ProcessLimits,
  signal: AbortSignal,
): Promise<Reply> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const child = fork(fileURLToPath(script), {
    execArgv: [`--max-old-space-size=${limits.heapMegabytes}`],
    serialization: "advanced",
    // Neither our secrets nor, from the libraries, what they think of a document on the server's console.
    env: {},
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  const ended = new Promise<void>((done) => {
    child.once("exit", (_code, how) => {
      // V8 aborts when its heap is full.
      reject(new ProcessError(how === "SIGABRT" ? "too-large" : "died", `the process ended (${how ?? "by itself"})`));
      done();
    });
    // One that could not be started never exits.
    child.once("error", (error) => {
      reject(new ProcessError("died", error.message));
      if (child.pid === undefined) done();
    });
  });
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", onAbort, { once: true });
  const timer = setTimeout(
    () => reject(new ProcessError("too-slow", `no answer within ${limits.timeoutMs} ms`)),
    limits.timeoutMs,
  );
  const watch = setInterval(() => {
    void residentBytes(child.pid).then((bytes) => {
      if (bytes > limits.memoryMaxBytes) reject(new ProcessError("too-large", `the process has grown to ${bytes} bytes`));
    });
  }, WATCH_MS);
  child.once("message", (message) => resolve(message as Reply));
  child.send(task, (error) => {
    if (error) reject(new ProcessError("died", error.message));
  });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    clearInterval(watch);
    signal.removeEventListener("abort", onAbort);
    child.kill("SIGKILL");
    await ended;
  }
}

async function residentBytes(pid: number | undefined): Promise<number> {
  const text = await readFile(`/proc/${pid}/statm`, "utf8").catch(() => "");
  return Number(text.split(" ")[1] ?? 0) * PAGE_BYTES;
}

/** A script beside the module of `base`: `.ts` when run from source, `.js` when built. */
export function scriptBeside(base: string, path: string): URL {
  return new URL(`${path}.${base.endsWith(".ts") ? "ts" : "js"}`, base);
}
