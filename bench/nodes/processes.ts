import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { endWithUs } from "../support/end-with-us.ts";

export interface StartedProcess {
  readonly child: ChildProcess;
  /** The first line of its output. */
  readonly firstLine: Promise<string>;
  readonly stderr: () => string;
  end(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
}

export function start(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): StartedProcess {
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  endWithUs(child);
  let stderr = "";
  child.stderr.on("data", (part: Buffer) => {
    stderr = (stderr + part.toString()).slice(-200_000);
  });
  const exited = once(child, "exit");
  const { promise: firstLine, resolve, reject } = Promise.withResolvers<string>();
  createInterface({ input: child.stdout }).once("line", resolve);
  firstLine.catch(() => {});
  void exited.then(() => reject(new Error(`${file} ended before it was ready:\n${stderr.slice(-2000)}`)));
  return {
    child,
    firstLine,
    stderr: () => stderr,
    async end(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill(signal);
      await exited;
    },
  };
}

/** As the user `postgres` where we are root: it refuses to run as root. */
export function asPostgres(line: readonly string[]): void {
  const [file = "", ...rest] = process.getuid?.() === 0 ? ["runuser", "-u", "postgres", "--", ...line] : line;
  execFileSync(file, rest, { stdio: ["ignore", "ignore", "inherit"], cwd: "/tmp" });
}
