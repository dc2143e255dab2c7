import { setTimeout as sleep } from "node:timers/promises";
import { arrange, type Arrangement } from "./arrangement.ts";
import { tally } from "./client.ts";
import { compareLedger } from "./kill-each.ts";
import { startLoad, type TimedOutcome } from "./load.ts";
import { openWire, type Wire } from "./processes.ts";
import { printTable } from "./print-table.ts";

const AWAY_MS = 30_000;
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
  const first = outcomes.filter(({ kind, endedMs, beganMs }) => kind === "finished" && endedMs > backMs && beganMs > awayMs);
  const firstMs = Math.min(...first.map(({ beganMs }) => beganMs)) - backMs;
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
      `the first turn that then finished was begun ${(firstMs / 1000).toFixed(1)} s after it was back`,
      await account(arrangement, outcomes),
    ],
  );
}

/** Redis, where the limits are, is killed, and comes back empty. */
export async function loseRedis(): Promise<void> {
  const perMinute = 600;
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

/** One node loses the line to the database, while it and the others stay reachable for clients. */
export async function partition(): Promise<void> {
  let wire: Wire | null = null;
  await using arrangement = await arrange({
    gapMs: 100,
    async databasePort(name, port) {
      if (name !== "node-c") return port;
      wire ??= await openWire(port);
      return wire.port;
    },
  });
  const line = wire as Wire | null;
  if (line === null) throw new Error("node-c has no line");
  const load = startLoad(arrangement, { clients: 20, maxTokens: 30 });
  await sleep(6_000);
  const awayMs = load.nowMs();
  line.cut();
  await sleep(20_000);
  line.mend();
  const backMs = load.nowMs();
  await sleep(10_000);
  const outcomes = await load.stop();
  printTable(
    "One of three nodes is cut off from the database for 20 s",
    HEAD,
    [
      phase("before", outcomes, 0, awayMs),
      phase("cut off", outcomes, awayMs, backMs),
      phase("mended", outcomes, backMs, load.nowMs()),
    ],
    [await account(arrangement, outcomes)],
  );
  await line[Symbol.asyncDispose]();
}
