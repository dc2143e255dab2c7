import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const main = join(import.meta.dirname, "../../src/cli/main.ts");

export interface CliRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command of the CLI to its end. */
export async function runCli(
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly input?: string } = {},
): Promise<CliRun> {
  const child = spawn(process.execPath, ["--conditions=source", main, ...args], { env: { ...process.env, ...options.env } });
  const ended = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  child.stdin.end(options.input ?? "");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended, stdout, stderr };
}

const OFFLINE_EXIT_CODE = 99;
const OFFLINE_MODULE = `
import dns from "node:dns";
import { isIP } from "node:net";
import { syncBuiltinESMExports } from "node:module";
for (const at of [dns, dns.promises]) for (const how of ["lookup", "resolve"]) {
  const real = at[how];
  at[how] = (name, ...rest) => {
    if (isIP(name)) return real(name, ...rest);
    process.stderr.write("looked up " + name);
    process.exit(${OFFLINE_EXIT_CODE});
  };
}
syncBuiltinESMExports();
`;

/** Environment in which a Node process ends at once when it asks for the address of any host. */
export const OFFLINE = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(OFFLINE_MODULE)}` };
