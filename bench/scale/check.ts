/**
 * Holds the simulation of `run.ts` against real nodes: turns of many organizations at times that are drawn before, at one node and at two; the
 * simulation gets the same turns.
 *
 *   node --conditions=source bench/scale/check.ts [--times FILE] [--rate N,N] [--seconds N] [--keys N] [--json FILE]
 *
 * The disk and the stand-in engine are measured anew right before: they are what differs most between two hours of one machine. Where others
 * compute on the same cores, the simulated work takes as much longer as the scheduler says that the real processes had to wait.
 */
import { fork } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { sql } from "drizzle-orm";
import { API_KEY_PURPOSE } from "../../packages/server/src/auth/manage-api-keys.ts";
import { deriveKey, loadMasterSecret } from "../../packages/server/src/auth/master-secret.ts";
import { arrange, type Arrangement, type NodeName, NODES } from "../nodes/arrangement.ts";
import { loadNow, publish } from "../support/report.ts";
import { median, quantile } from "../support/statistics.ts";
import { type Arrival, drawArrivals } from "./arrivals.ts";
import { fillTenants } from "./fill-tenants.ts";
import { createPopularity } from "./key-popularity.ts";
import { askEngine, measureSync } from "./measure-pieces.ts";
import { add, type ProcessorTime, processorTimeBelow } from "./processor-time.ts";
import type { ScheduledTurn } from "./scheduled-client.ts";
import { sendTurns } from "./send-turns.ts";
import { MEASURED_FILE, readServiceTimes } from "./service-times.ts";
import { simulate } from "./simulate.ts";

const { values } = parseArgs({
  options: {
    times: { type: "string", default: MEASURED_FILE },
    rate: { type: "string", default: "40,80" },
    seconds: { type: "string", default: "30" },
    keys: { type: "string", default: "1000" },
    json: { type: "string" },
  },
});
const [seconds, keys] = [Number(values.seconds), Number(values.keys)];
const WARM_SECONDS = 5;
const WARM_AT_ONCE = 16;
const COMPILED_SECONDS = 8;
const MS_PER_SECOND = 1_000;
const ZIPF_EXPONENT = 1;

interface Seen {
  readonly addedMs: readonly number[];
  readonly nodesCores: number;
  readonly databaseCores: number;
  readonly walBytesPerSecond: number;
}

interface Real extends Seen {
  readonly stretch: { readonly nodes: number; readonly database: number };
}

const loadBefore = loadNow();
const times = readServiceTimes(values.times);
const popularity = createPopularity(keys, ZIPF_EXPONENT);
const rows: string[][] = [];
const measurements: unknown[] = [];
const stretches: Real["stretch"][] = [];
for (const count of [1, 2]) {
  await using arrangement = await arrange({ gapMs: 0, nodes: NODES.slice(0, count) });
  const hmacKey = deriveKey(await loadMasterSecret(arrangement.dataOf("node-a")), API_KEY_PURPOSE);
  const secrets = await fillTenants(arrangement.storage, hmacKey, { organizations: keys, keys, usableKeys: keys });
  await warm(arrangement, secrets);
  for (const turnsPerSecond of values.rate.split(",").map(Number)) {
    const [fsyncMs, engineMs] = [measureSync(arrangement.folder), await askEngine(arrangement.engineUrl)];
    const draw = drawArrivals({ turnsPerSecond, nodes: count, balance: "any", organizations: keys, popularity });
    const arrivals: Arrival[] = [];
    for (const arrival of draw) {
      if (arrival.atMs > (WARM_SECONDS + seconds) * MS_PER_SECOND) break;
      arrivals.push(arrival);
    }
    const real = await serve(arrangement, arrivals, secrets, engineMs);
    const simulated = simulate(
      { ...times, fsyncMs },
      {
        nodes: count,
        databaseCores: 2,
        limits: "postgresql",
        ledger: "database",
        networkMs: 0,
        engineMs,
        chooseMs: times.router[0]?.chooseMs ?? 0,
        stretch: real.stretch,
        warmSeconds: WARM_SECONDS,
        seconds,
      },
      arrivals.values(),
    );
    rows.push(...compare(`${count} at ${turnsPerSecond}/s`, real, { ...simulated, nodesCores: simulated.nodesTogether }));
    stretches.push(real.stretch);
    measurements.push({ count, turnsPerSecond, fsyncMs, engineMs, real, simulated });
  }
}
await publish(
  {
    title: "Real nodes and the simulation, the same turns",
    llamaServer: null,
    settings: { keys, seconds, "times measured at": times.measuredAt },
    head: ["nodes, turns", "", "real", "simulated", "the simulation's error"],
    rows,
    notes: [
      "Added: a turn's time without the stand-in engine's. Cores: how many were busy, by the processes' own time.",
      `Waiting for a core made the work of nodes ${range(stretches.map(({ nodes }) => nodes))} times as long, that of PostgreSQL ${range(stretches.map(({ database }) => database))} times, in the simulation as well.`,
    ],
    loadBefore,
    measurements,
  },
  values.json ?? null,
);
process.exit();

/** V8 compiles what runs often only then. */
async function warm(arrangement: Arrangement, secrets: readonly string[]): Promise<void> {
  const file = join(arrangement.folder, "keys.json");
  await writeFile(file, JSON.stringify(secrets));
  for (const name of running(arrangement)) await sendTurns(arrangement.urlOf(name), file, WARM_AT_ONCE, COMPILED_SECONDS);
}

/** What real nodes do with these turns; those of the first seconds are not counted. */
async function serve(
  arrangement: Arrangement,
  arrivals: readonly Arrival[],
  secrets: readonly string[],
  engineMs: number,
): Promise<Real> {
  const turns = arrivals.map(({ atMs, key, node }): ScheduledTurn => {
    const name = NODES[node] ?? "node-a";
    return { atMs, url: arrangement.urlOf(name), secret: secrets[key] ?? "" };
  });
  const file = join(arrangement.folder, "turns.json");
  await writeFile(file, JSON.stringify(turns));
  const { promise, resolve, reject } = Promise.withResolvers<readonly number[]>();
  const client = fork(join(import.meta.dirname, "scheduled-client.ts"), [file], { execArgv: ["--conditions=source"] });
  client.once("message", (message) => resolve(message as readonly number[]));
  client.once("exit", () => reject(new Error("the client ended without a word")));
  await sleep(WARM_SECONDS * MS_PER_SECOND);
  const before = await observe(arrangement);
  const wholeMs = await promise;
  const after = await observe(arrangement);
  const tookMs = after.atMs - before.atMs;
  const nodes = difference(after.nodes, before.nodes);
  const database = difference(after.database, before.database);
  return {
    addedMs: wholeMs.filter((_, index) => (arrivals[index]?.atMs ?? 0) > WARM_SECONDS * MS_PER_SECOND).map((ms) => ms - engineMs),
    nodesCores: nodes.cpuMs / tookMs,
    databaseCores: database.cpuMs / tookMs,
    stretch: { nodes: 1 + nodes.waitedMs / nodes.cpuMs, database: 1 + database.waitedMs / database.cpuMs },
    walBytesPerSecond: ((after.wal - before.wal) / tookMs) * MS_PER_SECOND,
  };
}

async function observe(arrangement: Arrangement) {
  const { rows: found } = await arrangement.storage.run({ operation: "observe", repeatable: true }, (database) =>
    database.execute<{ wal: string }>(sql`select pg_current_wal_insert_lsn() - '0/0'::pg_lsn as wal`),
  );
  return {
    atMs: performance.now(),
    nodes: running(arrangement)
      .map((name) => processorTimeBelow(arrangement.pidOf(name)))
      .reduce(add),
    database: processorTimeBelow(arrangement.databasePid()),
    wal: Number(found[0]?.wal),
  };
}

function running(arrangement: Arrangement): readonly NodeName[] {
  return NODES.filter((name) => arrangement.pidOf(name) !== 0);
}

function range(all: readonly number[]): string {
  return `${Math.min(...all).toFixed(1)} to ${Math.max(...all).toFixed(1)}`;
}

function difference(after: ProcessorTime, before: ProcessorTime): ProcessorTime {
  return { cpuMs: after.cpuMs - before.cpuMs, waitedMs: after.waitedMs - before.waitedMs };
}

function compare(name: string, real: Seen, simulated: Seen): string[][] {
  const row = (what: string, unit: string, read: (seen: Seen) => number, digits: number): string[] => {
    const [seen, told] = [read(real), read(simulated)];
    const error = (told / seen - 1) * 100;
    return [
      name,
      what,
      `${seen.toFixed(digits)}${unit}`,
      `${told.toFixed(digits)}${unit}`,
      `${error > 0 ? "+" : ""}${error.toFixed(0)} %`,
    ];
  };
  return [
    row("added, half", " ms", ({ addedMs }) => median(addedMs), 1),
    row("added, 95 %", " ms", ({ addedMs }) => quantile(addedMs, 0.95), 1),
    row("nodes' cores", "", ({ nodesCores }) => nodesCores, 2),
    row("PostgreSQL's cores", "", ({ databaseCores }) => databaseCores, 2),
    row("log of PostgreSQL a second", " kB", ({ walBytesPerSecond }) => walBytesPerSecond / 1_000, 0),
  ];
}
