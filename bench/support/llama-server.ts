import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { enginePid } from "../../packages/server/test/support/processes.ts";
import type { RunningParley } from "../../packages/server/test/support/start-parley.ts";
import { endWithUs } from "./end-with-us.ts";

const READY_TIMEOUT_MS = 120_000;
const POLL_MS = 100;
const KEPT_CHARACTERS = 2000;

/** The command line of the llama-server that a Parley drives, as it stands in /proc. */
export function engineCommand(parley: RunningParley): readonly string[] {
  const pid = enginePid(parley.child.pid ?? 0);
  return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
}

/** The socket on which that llama-server listens. */
export function engineSocketPath(command: readonly string[]): string {
  const path = command[command.indexOf("--host") + 1];
  if (path === undefined) throw new Error("the engine was started without --host");
  return path;
}

export interface RawServer extends AsyncDisposable {
  readonly url: string;
}

/** Starts a llama-server of our own with the flags of Parley's, only that it listens on a port. */
export async function startLlamaServer(command: readonly string[]): Promise<RawServer> {
  const [binary, ...flags] = command;
  if (binary === undefined) throw new Error("no command");
  const port = await freePort();
  const host = flags.indexOf("--host");
  const args = [...flags.slice(0, host), "--host", "127.0.0.1", "--port", String(port), ...flags.slice(host + 2)];
  const child = spawn(binary, args, { stdio: ["ignore", "ignore", "pipe"] });
  endWithUs(child);
  let lastWords = "";
  child.stderr.on("data", (chunk: Buffer) => {
    lastWords = (lastWords + chunk.toString()).slice(-KEPT_CHARACTERS);
  });
  const ended = once(child, "exit");
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
  };
  const giveUpMs = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`llama-server ended with ${child.exitCode}:\n${lastWords}`);
    const ready = await fetch(`${url}/health`).then(
      (reply) => reply.ok,
      () => false,
    );
    if (ready) return { url, [Symbol.asyncDispose]: stop };
    if (performance.now() > giveUpMs) {
      await stop();
      throw new Error("llama-server did not become ready");
    }
    await sleep(POLL_MS);
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}
