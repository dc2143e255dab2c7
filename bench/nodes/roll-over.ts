import { setTimeout as sleep } from "node:timers/promises";
import { arrange, NODES } from "./arrangement.ts";
import { tally } from "./client.ts";
import { compareLedger } from "./kill-each.ts";
import { startLoad } from "./load.ts";
import { printTable } from "./print-table.ts";

const ROUNDS = 3;

/** Stops and starts one node after the other under load; with `from` they come up in this version, from that of another checkout. */
export async function rollOver({ from }: { readonly from: string | null }): Promise<void> {
  await using arrangement = await arrange({ gapMs: 20, ...(from === null ? {} : { checkout: from }) });
  const load = startLoad(arrangement, { clients: 24, maxTokens: 20 });
  await sleep(2_000);
  const drains: number[] = [];
  for (let round = 0; round < (from === null ? ROUNDS : 1); round += 1) {
    for (const name of NODES) {
      const beganMs = performance.now();
      await arrangement.drain(name);
      drains.push(performance.now() - beganMs);
      await arrangement.startNode(name, from === null ? undefined : new URL("../..", import.meta.url).pathname);
      // nginx tries a node again after two seconds.
      await sleep(2_500);
    }
  }
  const outcomes = await load.stop();
  const ledger = await compareLedger(arrangement, outcomes);
  const money = await arrangement.checkMoney();
  const failed = outcomes.filter(({ kind }) => kind !== "finished");
  printTable(
    from === null ? `Rolling restart, ${drains.length} drains under load` : "Rolling upgrade under load",
    ["requests", "failed", "what clients saw", "longest drain, s", "rows missing", "rows doubled", "money"],
    [
      [
        String(outcomes.length),
        String(failed.length),
        tally(outcomes),
        (Math.max(...drains) / 1000).toFixed(1),
        String(ledger.unpaid),
        String(ledger.doubled),
        money.agree && money.differences === 0 && money.holds === 0 ? "agrees" : JSON.stringify(money),
      ],
    ],
    failed.slice(0, 5).map((each) => JSON.stringify(each)),
  );
}
