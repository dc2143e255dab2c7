import { spawn } from "node:child_process";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { testLlamaServer } from "../test-binary.ts";

const READY_WITHIN_MS = 120_000;
const API_KEY = "key-of-the-engine";

/** llama-server as somebody else would run it: on a port, with a key, and with whatever flags. */
export async function startTcpLlamaServer(file: string, args: readonly string[], port?: number) {
  port ??= await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(
    testLlamaServer(),
    ["--model", file, "--host", "127.0.0.1", "--port", String(port), "--api-key", API_KEY, "--threads", "1", "--no-ui", ...args],
    { stdio: "ignore" },
  );
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const isReady = await fetch(`${url}/health`).then(
      (reply) => reply.ok,
      () => false,
    );
    if (isReady) break;
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error("llama-server did not start");
    }
    await sleep(50);
  }
  return {
    url,
    apiKey: API_KEY,
    pid: child.pid ?? 0,
    gone,
    async close() {
      child.kill("SIGKILL");
      await gone;
    },
  };
}

export type TcpLlamaServer = Awaited<ReturnType<typeof startTcpLlamaServer>>;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
