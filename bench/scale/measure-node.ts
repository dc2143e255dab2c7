import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { descendantsOf, privateBytes } from "../../packages/server/test/support/processes.ts";
import type { Storage } from "../../packages/server/src/storage/storage.ts";
import type { Arrangement } from "../nodes/arrangement.ts";
import { cpuMsBelow } from "./processor-time.ts";
import { sendTurns } from "./send-turns.ts";
import type { NodeCost, ServiceTimes } from "./service-times.ts";

const AT_ONCE = 32;
/** V8 compiles what is busy anew for so long. */
const WARM_SECONDS = 12;
const SECONDS = 10;
const ALONE_SECONDS = 5;
const IDLE_SECONDS = 20;
const MIB = 1024 * 1024;

/**
 * What a turn costs a node and PostgreSQL: many at once for the processor's time, and one after the other for the statements. Keys are
 * taken in turn: a single one is known to the node at each, and so many that a second passes before one comes again at none.
 */
export async function measureTurns(arrangement: Arrangement, keys: readonly string[]): Promise<NodeCost> {
  const url = arrangement.urlOf("node-a");
  const file = join(arrangement.folder, "keys.json");
  await writeFile(file, JSON.stringify(keys));
  await sendTurns(url, file, AT_ONCE, WARM_SECONDS);
  const [node, database] = [arrangement.pidOf("node-a"), arrangement.databasePid()];
  const before = [cpuMsBelow(node), cpuMsBelow(database)] as const;
  const { times } = await sendTurns(url, file, AT_ONCE, SECONDS);
  const [cpuMs, databaseCpuMs] = [cpuMsBelow(node) - before[0], cpuMsBelow(database) - before[1]];
  await resetCalls(arrangement.storage);
  const alone = await sendTurns(url, file, 1, ALONE_SECONDS);
  return {
    cpuMs: cpuMs / times.length,
    databaseCpuMs: databaseCpuMs / times.length,
    calls: await countCalls(arrangement.storage, alone.times.length),
  };
}

/** A turn or some, whose row shows what rows are like. */
export async function sendOne(arrangement: Arrangement, key: string): Promise<void> {
  const file = join(arrangement.folder, "keys.json");
  await writeFile(file, JSON.stringify([key]));
  await sendTurns(arrangement.urlOf("node-a"), file, 1, 1);
}

export async function measureIdle(arrangement: Arrangement): Promise<ServiceTimes["node"]["idle"]> {
  const read = async () => {
    const { rows } = await arrangement.storage.run({ operation: "count commits", repeatable: true }, (database) =>
      database.execute<{ commits: string; connections: string }>(sql`
        select (select sum(xact_commit) from pg_stat_database) as commits,
          (select count(*) from pg_stat_activity where application_name = 'parley') as connections`),
    );
    return {
      commits: Number(rows[0]?.commits),
      connections: Number(rows[0]?.connections),
      cpuMs: cpuMsBelow(arrangement.databasePid()),
    };
  };
  // Statistics are written by the second.
  await sleep(2_000);
  const before = await read();
  await sleep(IDLE_SECONDS * 1_000);
  const after = await read();
  const sessions = descendantsOf(arrangement.databasePid()).filter(({ command }) => command.includes("parley postgres"));
  return {
    commitsPerSecond: (after.commits - before.commits) / IDLE_SECONDS,
    databaseCpuMsPerSecond: (after.cpuMs - before.cpuMs) / IDLE_SECONDS,
    connections: after.connections,
    connectionMib: sessions.reduce((sum, { pid }) => sum + privateBytes(pid), 0) / Math.max(1, sessions.length) / MIB,
  };
}

/** Needs the extension in the server's settings. */
export async function watchCalls(storage: Storage): Promise<void> {
  await storage.run({ operation: "watch calls", repeatable: true }, (database) =>
    database.execute(sql`create extension if not exists pg_stat_statements`),
  );
}

async function resetCalls(storage: Storage): Promise<void> {
  await storage.run({ operation: "reset calls", repeatable: true }, (database) =>
    database.execute(sql`select pg_stat_statements_reset()`),
  );
}

/** Calls a turn by statement, from one in twenty turns on. */
async function countCalls(storage: Storage, turns: number): Promise<Readonly<Record<string, number>>> {
  const { rows } = await storage.run({ operation: "count calls", repeatable: true }, (database) =>
    database.execute<{ query: string; calls: string }>(
      sql`select query, sum(calls) as calls from pg_stat_statements where toplevel group by 1 order by 2 desc limit 40`,
    ),
  );
  return Object.fromEntries(
    rows
      .map(({ query, calls }) => [nameOf(query), Number(calls) / turns] as const)
      .filter(([, calls]) => calls >= 0.05)
      .map(([name, calls]) => [name, Math.round(calls * 100) / 100]),
  );
}

/** The function that it calls, or what it does to which table. */
function nameOf(query: string): string {
  const plain = query.replaceAll(/\s+/g, " ").replaceAll('"', "").toLowerCase();
  const called =
    /^select (?:[\w, ()*]+ from )?(hold_spend|record_turns_and_end_holds|take_from_limit_buckets|release_spend)\b|from (hold_spend|take_from_limit_buckets)\(/.exec(
      plain,
    );
  const table = /(?:from|into|update) (\w+)/.exec(plain)?.[1] ?? "";
  return called?.[1] ?? called?.[2] ?? `${plain.split(" ")[0]} ${table}`.trim();
}
