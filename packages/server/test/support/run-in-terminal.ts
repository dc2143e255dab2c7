import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";

/** A command in a terminal of 80 columns and 24 lines. */
export function runInTerminal(command: readonly string[], env: Readonly<Record<string, string>>) {
  const child = spawn("python3", [join(import.meta.dirname, "run-in-terminal.py"), ...command], {
    env: { ...process.env, ...env },
  });
  let written = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (written += part));
  const told = text(child.stderr);
  const closed = once(child, "close");
  return {
    written: () => written,
    resize: (width: number, height: number) => void child.stdin.write(`size ${width} ${height}\n`),
    type: (keys: string) => void child.stdin.write(`type ${JSON.stringify(keys)}\n`),
    /** Its exit status, and whether the terminal is as it was before. */
    async ended(): Promise<unknown> {
      await closed;
      return JSON.parse(await told);
    },
    kill: () => void child.kill(),
  };
}
