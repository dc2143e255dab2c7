import { setTimeout as sleep } from "node:timers/promises";
import { listeningPorts } from "./processes.ts";

/** Lets Node choose the ports of the inspectors that `inspectHeap` opens. For `startParley`'s environment. */
export const INSPECTABLE = { NODE_OPTIONS: "--inspect-port=0" };

/** The heap of a process of Node's that runs. */
export interface InspectedHeap {
  /** Collects its garbage; resolves with the bytes that are left, buffers included. */
  collect(): Promise<number>;
}

/** Opens the inspector of a process that was started with `INSPECTABLE`. Throws where none listens within 20 s. */
export async function inspectHeap(pid: number): Promise<InspectedHeap> {
  const others = new Set(listeningPorts(pid));
  process.kill(pid, "SIGUSR1");
  for (let waitedMs = 0; waitedMs < 20_000; waitedMs += 100) {
    await sleep(100);
    const port = listeningPorts(pid).find((each) => !others.has(each));
    if (port === undefined) continue;
    const [target] = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as { webSocketDebuggerUrl: string }[];
    if (target !== undefined) return { collect: () => collect(target.webSocketDebuggerUrl) };
  }
  throw new Error(`no inspector was opened in process ${pid}`);
}

async function collect(url: string): Promise<number> {
  const socket = new WebSocket(url);
  const replies: PromiseWithResolvers<Readonly<Record<string, number>>>[] = [];
  socket.addEventListener("message", ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id: number; result: Readonly<Record<string, number>> };
    replies[id]?.resolve(result);
  });
  const { promise: opened, resolve, reject } = Promise.withResolvers<void>();
  socket.addEventListener("open", () => resolve());
  socket.addEventListener("error", () => reject(new Error("the inspector cannot be reached")));
  const call = (method: string): Promise<Readonly<Record<string, number>>> => {
    const reply = Promise.withResolvers<Readonly<Record<string, number>>>();
    const id = replies.push(reply) - 1;
    socket.send(JSON.stringify({ id, method }));
    return reply.promise;
  };
  try {
    await opened;
    // What finalizers let go is collected the second time.
    await call("HeapProfiler.collectGarbage");
    await call("HeapProfiler.collectGarbage");
    const { usedSize = NaN, backingStorageSize = NaN } = await call("Runtime.getHeapUsage");
    return usedSize + backingStorageSize;
  } finally {
    socket.close();
  }
}
