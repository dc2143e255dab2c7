import { type Parley, startParley } from "../main.ts";
import type { Log } from "../platform/log.ts";
import type { CliContext } from "./cli-context.ts";
import { portProblem } from "./port-problem.ts";
import { type FromWorker, ToWorker, type WorkerTask } from "./worker-messages.ts";

/** One of the processes that answer for a node, until its parent says stop, or is gone. */
export async function runWorker(context: CliContext, task: WorkerTask, log: Log, signal: AbortSignal): Promise<void> {
  const { config, dataDir } = context;
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  let parley: Parley | null = null;
  process.on("message", (message: unknown) => {
    const parsed = ToWorker.safeParse(message);
    if (!parsed.success) return;
    if (parsed.data.type === "stop") return stop();
    const { id } = parsed.data;
    void parley?.readMetrics().then((readings) => tell({ type: "metrics", id, readings }));
  });
  // Of a terminal that goes: the parent decides.
  process.on("SIGHUP", () => {});
  // Without the engines, the scheduled work and the port there is nothing to go on for but the streams under way.
  process.once("disconnect", stop);
  signal.addEventListener("abort", () => stop(), { once: true });
  const role = { kind: "worker", door: task.door, workers: task.workers } as const;
  try {
    parley = await startParley({ config, reread: context.reread, dataDir, log: log.child({ worker: task.index }), role });
  } catch (error) {
    const problem = portProblem(error, config);
    const text = error instanceof Error ? error.message : String(error);
    tell({ type: "failed", problem: problem === null ? text : `${problem.detail}. ${problem.remedy}` });
    throw error;
  }
  tell({ type: "ready", url: parley.url });
  await stopped;
  await parley.close();
}

function tell(message: FromWorker): void {
  // A parent that is gone hears nothing.
  if (process.connected) process.send?.(message);
}
