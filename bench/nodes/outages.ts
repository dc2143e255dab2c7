import { setTimeout as sleep } from "node:timers/promises";
import { SMALL } from "../../packages/server/test/support/start-parley.ts";
import { freePort } from "../gateway/processes.ts";
import { arrange, type Arrangement } from "./arrangement.ts";
import { tally } from "./client.ts";
import { compareLedger } from "./kill-each.ts";
import { startLoad, type TimedOutcome } from "./load.ts";
import { buildNetwork, isApart, type Network } from "./network.ts";
import { printTable } from "./print-table.ts";

const AWAY_MS = 30_000;
/** Longer than any statement may take. */
const CUT_MS = 60_000;
/** Longer than a node waits for another that says nothing. */
const LENDER_CUT_MS = 90_000;
const HEAD = ["phase", "seconds", "what clients saw", "slowest answer, s"];

function phase(name: string, outcomes: readonly TimedOutcome[], fromMs: number, toMs: number): string[] {
  const those = outcomes.filter(({ endedMs }) => endedMs >= fromMs && endedMs < toMs);
  const slowest = Math.max(0, ...those.map(({ ms }) => ms)) / 1000;
  return [name, ((toMs - fromMs) / 1000).toFixed(0), tally(those), slowest.toFixed(1)];
}

async function account(arrangement: Arrangement, outcomes: readonly TimedOutcome[]): Promise<string> {
  const ledger = await compareLedger(arrangement, outcomes);
  const money = await arrangement.checkMoney();
  return `ledger: ${ledger.rows} rows, ${ledger.unpaid} missing, ${ledger.doubled} doubled; money ${money.agree ? "agrees" : "DIFFERS"}, ${money.differences} differences, ${money.holds} holds open`;
}

/** The database is gone for half a minute, and comes back as after a fail-over. */
export async function loseDatabase(): Promise<void> {
  await using arrangement = await arrange({ gapMs: 100 });
  const load = startLoad(arrangement, { clients: 20, maxTokens: 30 });
  await sleep(6_000);
  const awayMs = load.nowMs();
  arrangement.database.stop();
  await sleep(AWAY_MS);
  arrangement.database.start();
  const backMs = load.nowMs();
  await sleep(10_000);
  const outcomes = await load.stop();
  const endMs = load.nowMs();
  const underWay = outcomes.filter(({ beganMs, endedMs }) => beganMs < awayMs && endedMs > awayMs);
  const first = outcomes.filter(({ kind, endedMs }) => kind === "finished" && endedMs > backMs);
  const firstMs = Math.min(...first.map(({ endedMs }) => endedMs)) - backMs;
  printTable(
    "The database is away for 30 s",
    HEAD,
    [
      phase("before", outcomes, 0, awayMs),
      phase("away", outcomes, awayMs, backMs),
      phase("back", outcomes, backMs, endMs),
      ["under way when it went", "", tally(underWay), ""],
    ],
    [
      `the first turn finished ${(firstMs / 1000).toFixed(1)} s after it was back; a turn takes 3 s`,
      await account(arrangement, outcomes),
    ],
  );
}

/** Redis, where the limits are, is killed, and comes back empty. */
export async function loseRedis(): Promise<void> {
  const perMinute = 300;
  await using arrangement = await arrange({ gapMs: 5, redis: true, config: { limits: { requests_per_minute: perMinute } } });
  const load = startLoad(arrangement, { clients: 20, maxTokens: 10 });
  await sleep(5_000);
  const awayMs = load.nowMs();
  await arrangement.redis.stop();
  await sleep(10_000);
  await arrangement.redis.start();
  const backMs = load.nowMs();
  await sleep(5_000);
  const outcomes = await load.stop();
  const endMs = load.nowMs();
  const granted = await arrangement.countTurns();
  printTable(
    `Redis is lost for 10 s, a limit of ${perMinute} requests a minute`,
    HEAD,
    [
      phase("before", outcomes, 0, awayMs),
      phase("away", outcomes, awayMs, backMs),
      phase("back, empty", outcomes, backMs, endMs),
    ],
    [
      `engines were given ${granted} turns; a bucket and its refill are ${perMinute + Math.ceil((endMs / 60_000) * perMinute)}, each of the two switches may add ${perMinute}`,
      await account(arrangement, outcomes),
    ],
  );
}

/** A node that cannot reach the database any more, while clients reach it as before; then one that cannot reach another's models. */
export async function partition({ llamaServer }: { readonly llamaServer: string | null }): Promise<void> {
  if (!isApart()) return;
  await using network = await buildNetwork();
  await cutOffDatabase(network);
  await cutOffLender(network, llamaServer);
}

async function cutOffDatabase(network: Network): Promise<void> {
  await using arrangement = await arrange({ gapMs: 100, network: network.at, before: network.enter });
  const load = startLoad(arrangement, { clients: 20, maxTokens: 30 });
  await sleep(6_000);
  const awayMs = load.nowMs();
  network.cut("node-c", "database");
  await sleep(CUT_MS);
  network.mend("node-c", "database");
  const backMs = load.nowMs();
  await sleep(20_000);
  const outcomes = await load.stop();
  printTable(
    `One of three nodes loses the database for ${CUT_MS / 1000} s: its packets vanish`,
    HEAD,
    [
      phase("before", outcomes, 0, awayMs),
      phase("cut off", outcomes, awayMs, backMs),
      phase("mended", outcomes, backMs, load.nowMs()),
    ],
    [await account(arrangement, outcomes)],
  );
}

/** Node b answers with the models of node a. */
async function cutOffLender(network: Network, llamaServer: string | null): Promise<void> {
  const door = `${network.at.nodes["node-a"]}:${await freePort()}`;
  const engine = llamaServer === null ? { backend: "node-llama-cpp" } : { backend: "llama-server", llama_server: llamaServer };
  await using arrangement = await arrange({
    gapMs: 1,
    nodes: ["node-a", "node-b"],
    network: network.at,
    before: network.enter,
    weights: { "node-a": SMALL },
    configOf: {
      "node-a": { engine: { ...engine, listen: door }, pools: {}, models: { haiku: SMALL, sonnet: SMALL, opus: SMALL } },
      "node-b": {
        upstreams: { a: { kind: "parley", url: `http://${door}` } },
        pools: { house: { targets: [{ upstream: "a", model: SMALL }] } },
      },
    },
  });
  const load = startLoad({ apiKey: arrangement.apiKey, url: arrangement.urlOf("node-b") }, { clients: 4, maxTokens: 60 });
  await sleep(20_000);
  const awayMs = load.nowMs();
  network.cut("node-b", "node-a");
  await sleep(LENDER_CUT_MS);
  network.mend("node-b", "node-a");
  const backMs = load.nowMs();
  await sleep(30_000);
  const outcomes = await load.stop();
  printTable(
    `Two nodes lose each other for ${LENDER_CUT_MS / 1000} s: node b answers with the models of node a`,
    HEAD,
    [
      phase("before", outcomes, 0, awayMs),
      phase("cut off", outcomes, awayMs, backMs),
      phase("mended", outcomes, backMs, load.nowMs()),
    ],
    [await account(arrangement, outcomes)],
  );
}
