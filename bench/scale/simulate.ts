import { quantile } from "../support/statistics.ts";
import type { Arrival } from "./arrivals.ts";
import { createServers } from "./resources.ts";
import type { ServiceTimes } from "./service-times.ts";
import { createSimulatedDatabase } from "./simulated-database.ts";
import { createSimulatedNode } from "./simulated-node.ts";
import { createTimeline } from "./timeline.ts";

export interface Plan {
  readonly nodes: number;
  readonly databaseCores: number;
  readonly limits: "postgresql" | "redis";
  readonly ledger: "database" | "disk";
  readonly networkMs: number;
  readonly engineMs: number;
  readonly chooseMs: number;
  /** How much longer their work takes than it says; left out: no longer. */
  readonly stretch?: { readonly nodes: number; readonly database: number };
  readonly warmSeconds: number;
  readonly seconds: number;
}

export interface Outcome {
  /** Begun and ended in the measured time. */
  readonly begun: number;
  readonly ended: number;
  /** Of a turn, without its engine. */
  readonly addedMs: readonly number[];
  readonly addedHalfMs: number;
  readonly added95Ms: number;
  /** Cores that were busy. */
  readonly databaseCores: number;
  /** Of one: the busiest node, the disk, Redis, and the rows of one organization. */
  readonly busiestNode: number;
  readonly disk: number;
  readonly redis: number;
  readonly lockedRows: number;
  readonly nodesTogether: number;
  readonly statementsPerSecond: number;
  readonly syncsPerSecond: number;
  readonly walBytesPerSecond: number;
  readonly rowsInStatement: number;
}

const TOUCH_EVERY_MS = 10_000;
const MS_PER_SECOND = 1_000;

/** Turns come for `warmSeconds` and then `seconds`, which are observed. */
export function simulate(times: ServiceTimes, plan: Plan, arrivals: Iterator<Arrival>): Outcome {
  const timeline = createTimeline();
  const database = createSimulatedDatabase(timeline, times, createServers(timeline, plan.databaseCores, plan.stretch?.database));
  const redis = plan.limits === "redis" ? createServers(timeline, 1) : null;
  const nodes = Array.from({ length: plan.nodes }, (_, index) => {
    const cores = createServers(timeline, 1, plan.stretch?.nodes);
    const firstTouchMs = ((index + 0.5) / plan.nodes) * TOUCH_EVERY_MS;
    const { ledger, networkMs, engineMs, chooseMs } = plan;
    const { fsyncMs } = times;
    const world = { timeline, times, database, redis, cores, ledger, networkMs, engineMs, chooseMs, fsyncMs, firstTouchMs };
    return { cores, node: createSimulatedNode(world) };
  });
  const warmMs = plan.warmSeconds * MS_PER_SECOND;
  const endMs = warmMs + plan.seconds * MS_PER_SECOND;
  const added: number[] = [];
  let [begun, ended] = [0, 0];

  function comeNext(): void {
    const { value: arrival, done: isLast } = arrivals.next() as IteratorResult<Arrival, undefined>;
    if (isLast === true) return;
    timeline.after(arrival.atMs - timeline.nowMs(), () => {
      if (arrival.atMs > warmMs) begun += 1;
      nodes[arrival.node]?.node.serve(arrival, () => {
        const nowMs = timeline.nowMs();
        if (nowMs <= warmMs) return;
        ended += 1;
        added.push(nowMs - arrival.atMs - plan.engineMs);
      });
      comeNext();
    });
  }
  comeNext();
  timeline.runUntil(warmMs);
  const read = () => ({
    database: database.totals(),
    databaseMs: database.cores.busyMs(),
    nodesMs: nodes.map(({ cores }) => cores.busyMs()),
    redisMs: redis?.busyMs() ?? 0,
  });
  const before = read();
  timeline.runUntil(endMs);
  const after = read();
  const observedMs = endMs - warmMs;
  const perSecond = (name: "statements" | "syncs" | "walBytes"): number =>
    (after.database[name] - before.database[name]) / plan.seconds;
  const nodeShares = after.nodesMs.map((ms, index) => (ms - (before.nodesMs[index] ?? 0)) / observedMs);
  return {
    begun,
    ended,
    addedMs: added,
    addedHalfMs: quantile(added, 0.5),
    added95Ms: quantile(added, 0.95),
    databaseCores: (after.databaseMs - before.databaseMs) / observedMs,
    busiestNode: nodeShares.reduce((most, each) => Math.max(most, each), 0),
    nodesTogether: nodeShares.reduce((sum, each) => sum + each, 0),
    disk: (after.database.diskBusyMs - before.database.diskBusyMs) / observedMs,
    redis: (after.redisMs - before.redisMs) / observedMs,
    lockedRows: (after.database.longestLockedMs - before.database.longestLockedMs) / observedMs,
    statementsPerSecond: perSecond("statements"),
    syncsPerSecond: perSecond("syncs"),
    walBytesPerSecond: perSecond("walBytes"),
    rowsInStatement:
      (after.database.recorded - before.database.recorded) / Math.max(1, after.database.records - before.database.records),
  };
}
