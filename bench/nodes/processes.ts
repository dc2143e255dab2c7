import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, connect, type AddressInfo, type Socket } from "node:net";
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

/** A line between two machines that can be cut without either end being told. */
export interface Wire extends AsyncDisposable {
  readonly port: number;
  cut(): void;
  mend(): void;
}

/** Nothing that is sent arrives while it is cut, as where a network drops packets; afterwards the old connections are dead. */
export async function openWire(toPort: number): Promise<Wire> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) {
      near.pause();
      near.on("error", () => {});
      return;
    }
    const far = connect(toPort, "127.0.0.1");
    const pair = [near, far] as const;
    pairs.add(pair);
    for (const [from, to] of [pair, [far, near] as const]) {
      from.on("error", () => to.destroy());
      from.on("close", () => {
        if (!isCut) to.destroy();
        pairs.delete(pair);
      });
      from.on("data", (part: Buffer) => {
        if (!isCut && !to.write(part)) {
          from.pause();
          to.once("drain", () => from.resume());
        }
      });
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      isCut = true;
      for (const pair of pairs) for (const each of pair) each.pause();
    },
    mend() {
      isCut = false;
      for (const pair of pairs) for (const each of pair) each.destroy();
      pairs.clear();
    },
    async [Symbol.asyncDispose]() {
      for (const pair of pairs) for (const each of pair) each.destroy();
      server.close();
    },
  };
}
