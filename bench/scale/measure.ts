/**
 * Measures what `run.ts` simulates with, on this machine, and writes it to `service-times.json`: the statements of a turn by what is in them, over a
 * PostgreSQL with a million keys; a whole node with known and unknown keys, and idle; Redis; the router; the disk; a key in a node's memory.
 *
 *   node --expose-gc --conditions=source bench/scale/measure.ts [--keys N] [--organizations N] [--json FILE]
 *
 * Needs Linux and PostgreSQL's and Redis's packages; takes some five minutes. Costs are of the processor's time, so that other work on the
 * machine changes them little.
 */
import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { API_KEY_PURPOSE } from "../../packages/server/src/auth/manage-api-keys.ts";
import { deriveKey, loadMasterSecret } from "../../packages/server/src/auth/master-secret.ts";
import { arrange } from "../nodes/arrangement.ts";
import { loadNow } from "../support/report.ts";
import { fillTenants } from "./fill-tenants.ts";
import { measureIdle, measureTurns, sendOne, watchCalls } from "./measure-node.ts";
import { askEngine, measureKnownKeys, measureRedis, measureRouter, measureSync } from "./measure-pieces.ts";
import { measureStatements } from "./measure-statements.ts";
import { MEASURED_FILE, type ServiceTimes } from "./service-times.ts";

const { values } = parseArgs({
  options: {
    keys: { type: "string", default: "1000000" },
    organizations: { type: "string", default: "10000" },
    json: { type: "string", default: MEASURED_FILE },
  },
});
/** More than a node has turns in the second for which it knows a key. */
const USABLE_KEYS = 3_000;
const JOBS_EVERY_MS = 300_000;
const JOBS_TAKE_MS = 45_000;
const TURNS_TAKE_MS = 60_000;
const DATABASE_SETTINGS = ["shared_preload_libraries=pg_stat_statements", "max_wal_size=8GB"];
const tenants = { keys: Number(values.keys), organizations: Number(values.organizations), usableKeys: USABLE_KEYS };
const loadBefore = loadNow();
const say = (what: string): boolean => process.stderr.write(`${what}\n`);

const known = await measureKnownKeys();
const router = measureRouter();
const nodes = await measureNodes();
const inDatabase = await measureInDatabase();
const inRedis = await measureInRedis();
const times: ServiceTimes = {
  measuredAt: new Date().toISOString(),
  machine: {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    node: process.version,
    postgresql: inDatabase.version,
    loadBefore,
    loadAfter: loadNow(),
  },
  keys: tenants.keys,
  organizations: tenants.organizations,
  ...inDatabase.statements,
  fsyncMs: inDatabase.fsyncMs,
  node: { ...nodes, ...known, knownWithRedis: inRedis.known },
  redis: inRedis.redis,
  engineMs: inDatabase.engineMs,
  router,
};
await writeFile(values.json, `${JSON.stringify(times, null, 1)}\n`);
console.log(JSON.stringify(times, null, 1));
process.exit();

/** Of few organizations: every five minutes a node goes through all of them, which must not fall into what is measured. */
async function measureNodes() {
  await using arrangement = await arrange({ gapMs: 0, nodes: ["node-a"], databaseSettings: DATABASE_SETTINGS });
  await watchCalls(arrangement.storage);
  say("an idle node");
  const idle = await measureIdle(arrangement);
  const hmacKey = deriveKey(await loadMasterSecret(arrangement.dataOf("node-a")), API_KEY_PURPOSE);
  const few = { organizations: USABLE_KEYS, keys: USABLE_KEYS, usableKeys: USABLE_KEYS };
  const secrets = await fillTenants(arrangement.storage, hmacKey, few);
  await untilJobsAreDone();
  say("a node whose key is known");
  const knownCost = await measureTurns(arrangement, secrets.slice(0, 1));
  say("a node whose keys are not");
  return { idle, known: knownCost, unknown: await measureTurns(arrangement, secrets) };
}

/** Jobs begin at whole five minutes, and are done soon after. */
async function untilJobsAreDone(): Promise<void> {
  const sinceMs = Date.now() % JOBS_EVERY_MS;
  if (sinceMs < JOBS_TAKE_MS) await sleep(JOBS_TAKE_MS - sinceMs);
  else if (sinceMs > JOBS_EVERY_MS - TURNS_TAKE_MS) await sleep(JOBS_EVERY_MS - sinceMs + JOBS_TAKE_MS);
}

async function measureInDatabase() {
  await using arrangement = await arrange({ gapMs: 0, nodes: ["node-a"], databaseSettings: DATABASE_SETTINGS });
  const hmacKey = deriveKey(await loadMasterSecret(arrangement.dataOf("node-a")), API_KEY_PURPOSE);
  say("filling");
  const [secret = ""] = await fillTenants(arrangement.storage, hmacKey, tenants);
  await sendOne(arrangement, secret);
  say("statements");
  const statements = await measureStatements(arrangement.databaseUrl, arrangement.folder, arrangement.storage, tenants);
  return {
    version: arrangement.database.version,
    statements,
    fsyncMs: measureSync(arrangement.folder),
    engineMs: await askEngine(arrangement.engineUrl),
  };
}

async function measureInRedis() {
  await using arrangement = await arrange({ gapMs: 0, nodes: ["node-a"], redis: true, databaseSettings: DATABASE_SETTINGS });
  await watchCalls(arrangement.storage);
  say("a node with Redis");
  const cost = await measureTurns(arrangement, [arrangement.apiKey]);
  return { known: cost, redis: await measureRedis(arrangement.redisUrl, arrangement.pidOf("redis")) };
}
