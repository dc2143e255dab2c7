import { spawn } from "node:child_process";
import type { TokenBackend } from "../../backend.ts";
import { createUpstreamClient } from "../upstream-client.ts";

/** A running engine that a test has to itself, by the variable that has its address. */
export function engineAt(variable: `PARLEY_${"VLLM" | "SGLANG"}_${"SMOLLM2" | "QWEN"}`): string {
  const url = process.env[variable];
  if (url === undefined)
    throw new Error(`${variable} must be the address of a running engine: docs/guides/upstream-engines.md says how to start it`);
  return url;
}

const FORWARD = `
const net = require("node:net");
const to = new URL(process.argv[1]);
const server = net.createServer((near) => {
  const far = net.connect(Number(to.port), to.hostname);
  near.pipe(far).pipe(near);
  const end = () => { near.destroy(); far.destroy(); };
  for (const each of [near, far]) each.on("error", end).on("close", end);
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
`;

/** A process that stands before the engine, as its start takes minutes: to us the engine is gone when this is killed. */
export async function startForwarder(url: string) {
  const child = spawn(process.execPath, ["-e", FORWARD, url], { stdio: ["ignore", "pipe", "inherit"] });
  const [port] = await child.stdout.take(1).toArray();
  const near = `http://127.0.0.1:${String(port).trim()}`;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    url: near,
    pid: child.pid ?? 0,
    client: createUpstreamClient({ url: near, headers: {}, connectMs: 5_000, connectionsMax: 64 }),
    async close() {
      child.kill("SIGKILL");
      await gone;
    },
  };
}

/** What `connect` makes of the engine at `url`, behind a process that can be killed in its place. */
export async function startBehindForwarder<Backend extends TokenBackend>(
  url: string,
  connect: (forwarder: Pick<Awaited<ReturnType<typeof startForwarder>>, "url" | "client">) => Promise<Backend>,
) {
  const forwarder = await startForwarder(url);
  const backend = await connect(forwarder);
  return {
    ...backend,
    pid: forwarder.pid,
    async close() {
      await backend.close();
      await forwarder.close();
    },
  };
}
