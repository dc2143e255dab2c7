/**
 * Three nodes behind nginx with two engines, and what becomes of them: `node --conditions=source bench/nodes/run.ts SCENARIO …`; all of them
 * where none is named. Prints Markdown; docs/guides/many-nodes.md has the tables. Needs Linux, nginx, PostgreSQL's and Redis's packages.
 */
import { parseArgs } from "node:util";
import { killEach } from "./kill-each.ts";
import { exactLimits } from "./exact-limits.ts";
import { rollOver } from "./roll-over.ts";
import { holdIdleStreams, soak } from "./measure-memory.ts";
import { loseDatabase, loseRedis, partition } from "./outages.ts";
import { propagate } from "./propagate.ts";
import { scaleWorkers } from "./scale-workers.ts";
import { skewClocks } from "./skew-clocks.ts";

interface Options {
  readonly streams: number;
  readonly minutes: number;
  readonly from: string | null;
  readonly llamaServer: string | null;
  readonly model: string | null;
}

const SCENARIOS: Readonly<Record<string, (options: Options) => Promise<void>>> = {
  kill: killEach,
  limits: exactLimits,
  rolling: rollOver,
  database: loseDatabase,
  redis: loseRedis,
  partition,
  propagate,
  skew: skewClocks,
  idle: holdIdleStreams,
  workers: scaleWorkers,
  soak,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    streams: { type: "string", default: "200" },
    minutes: { type: "string", default: "30" },
    /** `rolling`: a checkout of an earlier version, from which the nodes start. */
    from: { type: "string" },
    /** `kill`: real engines in place of the stand-ins. */
    "llama-server": { type: "string" },
    model: { type: "string" },
  },
});
const options = {
  streams: Number(values.streams),
  minutes: Number(values.minutes),
  from: values.from ?? null,
  llamaServer: values["llama-server"] ?? null,
  model: values.model ?? null,
};
for (const name of positionals.length > 0 ? positionals : Object.keys(SCENARIOS)) {
  const scenario = SCENARIOS[name];
  if (scenario === undefined) throw new Error(`${name}: one of ${Object.keys(SCENARIOS).join(", ")}`);
  await scenario(options);
}
process.exit();
