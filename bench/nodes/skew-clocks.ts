import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { arrange, NODES } from "./arrangement.ts";
import { call, tally } from "./client.ts";
import { compareLedger, readRows } from "./kill-each.ts";
import { startLoad } from "./load.ts";
import { printTable } from "./print-table.ts";

const PER_MINUTE = 240;

/** Two nodes whose clocks are a minute and a half ahead and behind. */
export async function skewClocks(): Promise<void> {
  await using arrangement = await arrange({
    gapMs: 20,
    config: { limits: { requests_per_minute: PER_MINUTE } },
    before: { "node-b": ["faketime", "-f", "+90s"], "node-c": ["faketime", "-f", "-90s"] },
    env: { "node-b": { DONT_FAKE_MONOTONIC: "1" }, "node-c": { DONT_FAKE_MONOTONIC: "1" } },
  });
  const clocks = await Promise.all(
    NODES.map(async (name) => {
      const reply = await fetch(`${arrangement.urlOf(name)}/healthz`);
      return Math.round((Date.parse(reply.headers.get("date") ?? "") - Date.now()) / 1000);
    }),
  );
  // One key sent to all three at once, and again while the first still runs.
  const before = (await readRows(arrangement)).length;
  const headers = { "idempotency-key": "skewed" };
  const raced = Array.from({ length: 9 }, async (_, index) => {
    await sleep(index * 150);
    const node = NODES[index % 3] ?? "node-a";
    return call({
      url: arrangement.urlOf(node),
      apiKey: arrangement.apiKey,
      maxTokens: 60,
      stream: false,
      prompt: "Once",
      headers,
    });
  });
  const same = await Promise.all(raced);
  const once = (await readRows(arrangement)).length - before;

  const beganMs = performance.now();
  const given = await arrangement.countTurns();
  const load = startLoad(arrangement, { clients: 40, maxTokens: 2 });
  await sleep(10_000);
  const outcomes = await load.stop();
  const seconds = (performance.now() - beganMs) / 1000;
  const granted = (await arrangement.countTurns()) - given;
  const ledger = await compareLedger(arrangement, outcomes);
  const money = await arrangement.checkMoney();
  const { rows } = await arrangement.storage.run({ operation: "read", repeatable: true }, (database) =>
    database.execute<{ seconds: number }>(
      sql`select max(abs(extract(epoch from now() - started_at)))::float8 as seconds from turn_records`,
    ),
  );
  printTable(
    "Clocks 90 s ahead and 90 s behind",
    ["what", "seen"],
    [
      ["the nodes' clocks, by the Date of a reply", clocks.map((seconds) => `${seconds} s`).join(", ")],
      ["one Idempotency-Key at three nodes", `${tally(same)}; ${once} row`],
      [
        `limit of ${PER_MINUTE} a minute for ${seconds.toFixed(0)} s`,
        `${granted} turns of at most ${PER_MINUTE + Math.ceil((seconds * PER_MINUTE) / 60)}`,
      ],
      ["what clients saw", tally(outcomes)],
      ["rows missing, doubled", `${ledger.unpaid}, ${ledger.doubled}`],
      ["money", money.agree && money.differences === 0 ? "agrees" : JSON.stringify(money)],
      ["the ledger's times differ from the database's by at most", `${Math.round(rows[0]?.seconds ?? 0)} s`],
    ],
    [],
  );
}
