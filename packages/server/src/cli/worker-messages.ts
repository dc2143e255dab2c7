import { z } from "zod";
import type { EngineDoorAddress } from "../doors/engine/open-engine-door.ts";
import type { MetricReadings } from "../platform/expose-metrics.ts";

/** What a worker is told at its start, in its environment: everything else it reads as its parent did. */
export const WORKER_VARIABLE = "PARLEY_WORKER_TASK";

const DoorAddress = z.union([
  z.object({ socketPath: z.string() }),
  z.object({ url: z.string() }),
]) satisfies z.ZodType<EngineDoorAddress>;

const WorkerTask = z.object({ index: z.int(), workers: z.int(), door: DoorAddress });

export type WorkerTask = z.infer<typeof WorkerTask>;

/** Null: this process is no worker. */
export function readWorkerTask(env: Readonly<Record<string, string | undefined>>): WorkerTask | null {
  const text = env[WORKER_VARIABLE];
  return text === undefined ? null : WorkerTask.parse(JSON.parse(text));
}

export const ToWorker = z.discriminatedUnion("type", [
  z.object({ type: z.literal("stop") }),
  z.object({ type: z.literal("read-metrics"), id: z.int() }),
]);

export type ToWorker = z.infer<typeof ToWorker>;

export const FromWorker = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready"), url: z.string() }),
  z.object({ type: z.literal("failed"), problem: z.string() }),
  z.object({ type: z.literal("metrics"), id: z.int(), readings: z.custom<MetricReadings>(Array.isArray) }),
]);

export type FromWorker = z.infer<typeof FromWorker>;
