/**
 * From one node to a thousand, by simulation with the measured times of `service-times.json`: how many turns a second they serve, what is full
 * first, and what other arrangements change; then what 10,000 turns a second ask of everything.
 *
 *   node --conditions=source bench/scale/run.ts [--times FILE] [--nodes N,N] [--rate N] [--seconds N] [--fsync MS]
 *
 * `measure.ts` measures anew, `check.ts` holds the simulation against real nodes. Served is a rate at which 95 % of the turns have at most
 * 250 ms added and no more wait at the end than at the beginning.
 */
import { parseArgs } from "node:util";
import { printTable } from "../nodes/print-table.ts";
import { type Arrivals, drawArrivals } from "./arrivals.ts";
import { createPopularity } from "./key-popularity.ts";
import { readServiceTimes, MEASURED_FILE } from "./service-times.ts";
import { type Outcome, type Plan, simulate } from "./simulate.ts";

const { values } = parseArgs({
  options: {
    times: { type: "string", default: MEASURED_FILE },
    nodes: { type: "string", default: "1,3,10,100,1000" },
    rate: { type: "string", default: "10000" },
    seconds: { type: "string", default: "2" },
    /** Of the disks, in place of what was measured. */
    fsync: { type: "string" },
  },
});
const ADDED_MAX_MS = 250;
/** Turns that end of those that begin, where no more and more wait. */
const ENDED_SHARE = 0.97;
const PRECISION = 1.08;
const RATE_MAX = 40_000;
/** Between two machines of one place; not measured. */
const NETWORK_MS = 0.25;
const ENGINES = 10;
const ZIPF_EXPONENT = 1;
/** So much of it in use is full: what comes at random waits long before all of it is. */
const FULL = 0.85;

const measured = readServiceTimes(values.times);
const times = values.fsync === undefined ? measured : { ...measured, fsyncMs: Number(values.fsync) };
type Scale = Plan & Arrivals;
const base: Omit<Scale, "nodes" | "turnsPerSecond"> = {
  databaseCores: 8,
  limits: "postgresql",
  ledger: "database",
  balance: "any",
  networkMs: NETWORK_MS,
  engineMs: 0,
  chooseMs: chooseMsOf(ENGINES),
  organizations: times.organizations,
  popularity: createPopularity(times.keys, ZIPF_EXPONENT),
  warmSeconds: 2,
  seconds: Number(values.seconds),
};
const ARRANGEMENTS: readonly (readonly [name: string, change: Partial<Scale>])[] = [
  ["as it is started: limits in PostgreSQL, 8 cores for it", {}],
  ["limits in Redis", { limits: "redis" }],
  ["and each organization's turns to one node", { limits: "redis", balance: "organization" }],
  ["and rows on the nodes' disks first", { limits: "redis", balance: "organization", ledger: "disk" }],
  ["and 32 cores for PostgreSQL", { limits: "redis", balance: "organization", ledger: "disk", databaseCores: 32 }],
];

for (const [name, change] of ARRANGEMENTS) {
  printTable(
    name,
    [
      "nodes",
      "turns/s served",
      "added, half, 95 %",
      "full first",
      "busiest node",
      "PostgreSQL's cores",
      "its disk",
      "rows of one organization locked",
      "Redis",
      "rows in a statement",
    ],
    values.nodes.split(",").map((nodes) => describe({ ...base, ...change, nodes: Number(nodes) })),
    [],
  );
}
printDemand(Number(values.rate));

function describe(plan: Omit<Scale, "turnsPerSecond">): string[] {
  const { rate, outcome, beyond } = mostServed(plan);
  return [
    plan.nodes.toLocaleString("en-US"),
    Math.round(rate).toLocaleString("en-US"),
    `${outcome.addedHalfMs.toFixed(0)}, ${outcome.added95Ms.toFixed(0)} ms`,
    fullFirst(plan, beyond),
    percent(outcome.busiestNode),
    `${outcome.databaseCores.toFixed(1)} of ${plan.databaseCores}`,
    percent(outcome.disk),
    percent(outcome.lockedRows),
    plan.limits === "redis" ? percent(outcome.redis) : "",
    outcome.rowsInStatement.toFixed(1),
  ];
}

/** The highest rate that is served, what it is like, and what is like where it is no more. */
function mostServed(plan: Omit<Scale, "turnsPerSecond">) {
  const at = (turnsPerSecond: number): Outcome => simulate(times, plan, drawArrivals({ ...plan, turnsPerSecond }));
  const isServed = ({ begun, ended, added95Ms }: Outcome): boolean => added95Ms <= ADDED_MAX_MS && ended >= begun * ENDED_SHARE;
  let [rate, refusedRate] = [0, 100];
  let outcome = at(refusedRate);
  let beyond = outcome;
  while (isServed(beyond) && refusedRate < RATE_MAX) {
    [rate, outcome, refusedRate] = [refusedRate, beyond, refusedRate * 2];
    beyond = at(refusedRate);
  }
  while (refusedRate / Math.max(rate, 1) > PRECISION && refusedRate - rate > 1) {
    const middle = (rate + refusedRate) / 2;
    const seen = at(middle);
    if (isServed(seen)) [rate, outcome] = [middle, seen];
    else [refusedRate, beyond] = [middle, seen];
  }
  return { rate, outcome, beyond };
}

function fullFirst({ databaseCores }: Pick<Plan, "databaseCores">, outcome: Outcome): string {
  const shares: readonly (readonly [name: string, share: number])[] = [
    ["a node's core", outcome.busiestNode],
    ["PostgreSQL's cores", outcome.databaseCores / databaseCores],
    ["rows of one organization", outcome.lockedRows],
    ["Redis", outcome.redis],
  ];
  const full = shares.filter(([, share]) => share >= FULL).toSorted((a, b) => b[1] - a[1]);
  const [first] = full.length > 0 ? full : shares.toSorted((a, b) => b[1] - a[1]);
  return first === undefined ? "" : `${first[0]} (${percent(first[1])})`;
}

/** With as many cores and nodes as it takes. */
function printDemand(turnsPerSecond: number): void {
  const nodes = 100;
  const rows = ARRANGEMENTS.slice(0, -1).map(([name, change]) => {
    const plan = { ...base, ...change, nodes, turnsPerSecond, databaseCores: 1_000 };
    const outcome = simulate(times, plan, drawArrivals(plan));
    return [
      name,
      outcome.databaseCores.toFixed(1),
      outcome.nodesTogether.toFixed(1),
      percent(outcome.redis),
      percent(outcome.lockedRows),
      Math.round(outcome.statementsPerSecond).toLocaleString("en-US"),
      Math.round(outcome.syncsPerSecond).toLocaleString("en-US"),
      `${(outcome.walBytesPerSecond / 1e6).toFixed(1)} MB`,
      outcome.rowsInStatement.toFixed(1),
      `${outcome.addedHalfMs.toFixed(0)}, ${outcome.added95Ms.toFixed(0)} ms`,
    ];
  });
  const { idle, bytesPerKnownKey, keysKept } = times.node;
  printTable(
    `What ${turnsPerSecond.toLocaleString("en-US")} turns a second take at ${nodes} nodes, with as many cores of PostgreSQL as they can use`,
    [
      "",
      "PostgreSQL's cores",
      "nodes' cores",
      "Redis",
      "rows of one organization locked",
      "statements/s",
      "syncs/s",
      "log of PostgreSQL/s",
      "rows in a statement",
      "added, half, 95 %",
    ],
    rows,
    [
      `${times.keys.toLocaleString("en-US")} keys of ${times.organizations.toLocaleString("en-US")} organizations, asked by Zipf's law with exponent ${ZIPF_EXPONENT}; ${NETWORK_MS} ms of network each way.`,
      `A thousand nodes that do nothing: ${idle.databaseCpuMsPerSecond.toFixed(1)} of PostgreSQL's cores, ${Math.round(idle.commitsPerSecond * 1_000).toLocaleString("en-US")} statements/s, ${idle.connections * 1_000} connections of ${idle.connectionMib.toFixed(1)} MiB.`,
      `A node keeps ${keysKept.toLocaleString("en-US")} keys, ${((keysKept * bytesPerKnownKey) / 1e6).toFixed(1)} MB. A bucket takes ${times.redis.bytesPerBucket.toFixed(0)} bytes of Redis, three of them a million organizations' ${((times.redis.bytesPerBucket * 3e6) / 1e9).toFixed(1)} GB.`,
      `The choice of an engine among ${times.router.map(({ targets, chooseMs }) => `${targets.toLocaleString("en-US")} takes ${chooseMs.toFixed(3)} ms`).join(", ")}: ${times.router.map(({ chooseMs }) => ((chooseMs * turnsPerSecond) / 1_000).toFixed(1)).join(", ")} cores.`,
    ],
  );
}

function chooseMsOf(targets: number): number {
  return times.router.find((each) => each.targets === targets)?.chooseMs ?? 0;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
