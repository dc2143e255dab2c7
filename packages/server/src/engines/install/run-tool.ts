import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export class ToolFailed extends Error {
  override readonly name = "ToolFailed";
}

/** Runs a program to its end. Each line of its output goes to `onLine`. Throws `ToolFailed` with its last lines. */
export async function runTool(
  program: string,
  args: readonly string[],
  options: { readonly signal: AbortSignal; readonly cwd?: string; readonly onLine?: (line: string) => void },
): Promise<void> {
  const { signal, cwd, onLine } = options;
  signal.throwIfAborted();
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    // Its own group: a build starts compilers, and an abort has to end those as well.
    detached: true,
    ...(cwd === undefined ? {} : { cwd }),
  });
  const lastLines: string[] = [];
  const take = (line: string): void => {
    lastLines.push(line);
    if (lastLines.length > 15) lastLines.shift();
    onLine?.(line);
  };
  createInterface({ input: child.stdout }).on("line", take);
  createInterface({ input: child.stderr }).on("line", take);
  const abort = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
    } catch {
      // It has ended by itself.
    }
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      child.on("error", (cause) => reject(new ToolFailed(`${program} cannot be run`, { cause })));
      child.on("close", (code, killedBy) => {
        if (code === 0) resolve();
        else reject(new ToolFailed(`${program} ended with ${code ?? killedBy}:\n${lastLines.join("\n")}`));
      });
    });
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Whether a program can be run at all. */
export async function hasTool(program: string, args: readonly string[] = ["--version"]): Promise<boolean> {
  return runTool(program, args, { signal: AbortSignal.timeout(20_000) }).then(
    () => true,
    () => false,
  );
}
