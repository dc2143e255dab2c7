import cluster, { type Worker } from "node:cluster";
import { setTimeout as sleep } from "node:timers/promises";
import type { EngineDoorAddress } from "../doors/engine/open-engine-door.ts";
import type { RunningWorkers } from "../main.ts";
import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import type { MetricReadings } from "../platform/expose-metrics.ts";
import { UserError } from "./cli-context.ts";
import { watchWorkerPort } from "./watch-worker-port.ts";
import { FromWorker, WORKER_VARIABLE, type ToWorker, type WorkerTask } from "./worker-messages.ts";

/** One that lived shorter is started again ever more slowly. */
const LIVED_MS = 10_000;
const RESTART_MAX_MS = 5_000;
/** A scrape does not wait for one that hangs. */
const METRICS_MS = 2_000;
/** A worker's own drain (30 s), and what comes after it. */
const STOP_MS = 45_000;

/**
 * Starts the processes that answer for this node on one port; this one hands each connection to the next of them. One that ends by itself is
 * started again. Resolves when all take requests; throws `UserError` with what the first says that cannot.
 */
export async function startWorkers(options: {
  readonly count: number;
  readonly noticeMs: number;
  readonly door: EngineDoorAddress;
  readonly clock: Clock;
  readonly log: Pick<Log, "warn" | "error">;
}): Promise<RunningWorkers> {
  const { count, noticeMs, door, clock, log } = options;
  const alive = new Map<number, Worker>();
  const serving = new WeakSet<Worker>();
  const ready = new Map<number, PromiseWithResolvers<string>>();
  const asked = new Map<number, (readings: MetricReadings | null) => void>();
  const port = watchWorkerPort();
  let questions = 0;
  let isStopping = false;

  function fork(index: number, restartMs: number): void {
    const task: WorkerTask = { index, workers: count, door };
    const worker = cluster.fork({ [WORKER_VARIABLE]: JSON.stringify(task) });
    port.follow(worker);
    const startedMs = clock.monotonicMs();
    let problem: string | null = null;
    alive.set(index, worker);
    worker.on("message", (message: unknown) => {
      const parsed = FromWorker.safeParse(message);
      if (!parsed.success) return;
      const { data } = parsed;
      switch (data.type) {
        case "ready":
          serving.add(worker);
          return ready.get(index)?.resolve(data.url);
        case "failed":
          problem = data.problem;
          return;
        case "metrics":
          return asked.get(data.id)?.(data.readings);
        default:
          data satisfies never;
      }
    });
    // A message that a worker no longer takes, or a process that cannot be made: its end says what there is to say.
    worker.on("error", (error) => log.warn({ worker: index, err: error }, "a worker cannot be reached"));
    worker.once("exit", (code, signal) => {
      alive.delete(index);
      ready.get(index)?.reject(new UserError(problem ?? `Worker ${index} ended at its start (${signal ?? code}).`));
      if (isStopping) return;
      const delayMs = clock.monotonicMs() - startedMs > LIVED_MS ? 0 : restartMs;
      log.error({ worker: index, code, signal, delayMs }, "a worker ended by itself; starting it again");
      setTimeout(() => {
        if (!isStopping) fork(index, Math.min(RESTART_MAX_MS, restartMs * 2 + 100));
      }, delayMs).unref();
    });
  }

  const send = (worker: Worker, message: ToWorker): void => {
    // One that is just ending takes nothing more.
    if (worker.isConnected()) worker.send(message, () => {});
  };

  async function readMetrics(worker: Worker): Promise<MetricReadings | null> {
    const id = ++questions;
    const { promise, resolve } = Promise.withResolvers<MetricReadings | null>();
    asked.set(id, resolve);
    const timer = setTimeout(() => resolve(null), METRICS_MS);
    send(worker, { type: "read-metrics", id });
    const readings = await promise;
    clearTimeout(timer);
    asked.delete(id);
    return readings;
  }

  async function stop(): Promise<void> {
    isStopping = true;
    if (noticeMs === 0) await port.close();
    const ended = [...alive.values()].map(
      (worker) => new Promise<void>((resolve) => (worker.isDead() ? resolve() : worker.once("exit", () => resolve()))),
    );
    for (const worker of alive.values()) {
      if (serving.has(worker)) send(worker, { type: "stop" });
      // One that is only starting may not listen for messages yet, and has nothing under way.
      else worker.process.kill("SIGTERM");
    }
    if (noticeMs > 0) {
      await sleep(noticeMs);
      await port.close();
    }
    port.dispose();
    const timer = setTimeout(() => {
      for (const [index, worker] of alive) {
        log.warn({ worker: index }, "a worker did not end in time");
        worker.process.kill("SIGKILL");
      }
    }, STOP_MS);
    await Promise.all(ended);
    clearTimeout(timer);
  }

  let stopped: Promise<void> | null = null;
  const close = (): Promise<void> => (stopped ??= stop());
  for (let index = 1; index <= count; index += 1) {
    ready.set(index, Promise.withResolvers<string>());
    fork(index, 0);
  }
  try {
    const [url = ""] = await Promise.all([...ready.values()].map(({ promise }) => promise));
    return {
      url,
      readMetrics: async () => (await Promise.all([...alive.values()].map(readMetrics))).filter((readings) => readings !== null),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
