import { sql } from "drizzle-orm";
import { setTimeout as sleep } from "node:timers/promises";
import { arrange, ENGINES, NODES, type Arrangement } from "./arrangement.ts";
import { call, type Outcome, tally } from "./client.ts";
import { printTable } from "./print-table.ts";

const SETTLE_MS = 20_000;

/** Holds of a killed node's turns end by themselves after ten minutes; nobody waits for that here. */
interface LedgerRow extends Record<string, unknown> {
  readonly request_id: string;
  readonly output_tokens: number;
  readonly outcome: string | null;
}

export async function readRows({ storage }: Pick<Arrangement, "storage">): Promise<readonly LedgerRow[]> {
  const { rows } = await storage.run({ operation: "read", repeatable: true }, (database) =>
    database.execute<LedgerRow>(sql`select request_id, output_tokens::int, outcome from turn_records`),
  );
  return rows;
}

/** What the ledger and the clients disagree in. Rows wait on disk for a database that was away: they are waited for. */
export async function compareLedger(arrangement: Arrangement, outcomes: readonly Outcome[]) {
  const finished = outcomes.filter(({ kind }) => kind === "finished");
  for (let tries = 0; ; tries += 1) {
    const rows = await readRows(arrangement);
    const byId = Map.groupBy(rows, (row) => row.request_id);
    const found = {
      rows: rows.length,
      unpaid: finished.filter(({ requestId }) => !byId.has(requestId ?? "")).length,
      doubled: [...byId.values()].filter((list) => list.length > 1).length,
      otherCount: finished.filter(({ requestId, outputTokens }) => {
        const row = byId.get(requestId ?? "")?.[0];
        return row !== undefined && row.output_tokens !== outputTokens;
      }).length,
    };
    if (found.unpaid === 0 || tries > 100) return found;
    await sleep(100);
  }
}

/** Kills each of the five once, in the middle of many streams. */
export async function killEach({
  streams,
  llamaServer,
  model,
}: {
  readonly streams: number;
  readonly llamaServer: string | null;
  readonly model: string | null;
}): Promise<void> {
  const isReal = llamaServer !== null && model !== null;
  const realEngine = (_name: string, port: number) => ({
    line: [
      llamaServer ?? "",
      "--model",
      model ?? "",
      "--host",
      "127.0.0.1",
      "--port",
      String(port),
      "--jinja",
      "--parallel",
      "8",
      "--ctx-size",
      "8192",
      "--threads",
      "1",
    ],
    kind: "chat-completions",
  });
  await using arrangement = await arrange({ gapMs: 75, ...(isReal ? { engines: realEngine } : {}) });
  const all: Outcome[] = [];
  const table: string[][] = [];
  for (const victim of [...NODES, ...ENGINES]) {
    const before = (await readRows(arrangement)).length;
    const calls = Array.from({ length: streams }, async (_, index) => {
      // They do not begin, and so do not end, in one moment.
      await sleep(index * 5);
      return call({ ...arrangement, maxTokens: 30 + (index % 30), stream: true, prompt: `Tell story ${victim} ${index}.` });
    });
    await sleep(streams * 5 + 800);
    await arrangement.kill(victim);
    const outcomes = await Promise.all(calls);
    all.push(...outcomes);
    const ledger = await compareLedger(arrangement, all);
    const has = (kind: Outcome["kind"]): string => String(outcomes.filter((each) => each.kind === kind).length);
    table.push([
      victim,
      has("finished"),
      has("error-event"),
      has("refused"),
      has("cut"),
      has("none"),
      has("foreign"),
      String(ledger.rows - before),
      String(ledger.unpaid),
      String(ledger.doubled),
    ]);
    process.stderr.write(`${victim}: ${tally(outcomes)}\n`);
    await arrangement.revive(victim);
    // The router looks again, which it does the later the more failed, and nginx tries the node again.
    await sleep(SETTLE_MS);
  }
  const money = await arrangement.checkMoney();
  const ledger = await compareLedger(arrangement, all);
  printTable(
    `kill -9 of each during ${streams} streams${isReal ? ", real engines" : ""}`,
    [
      "killed",
      "finished",
      "error event",
      "refused",
      "cut",
      "no answer",
      "not the platform's",
      "rows",
      "finished without a row",
      "two rows",
    ],
    table,
    [
      `${all.length} streams, ${tally(all)}`,
      `ledger: ${ledger.rows} rows, ${ledger.unpaid} missing, ${ledger.doubled} doubled, ${ledger.otherCount} with another count than the client saw`,
      `money: ledger ${money.ledger}, sums ${money.rollups}, account ${money.charged}, credits ${money.credits}, spend ${money.spent} nano-dollars: ${money.agree ? "all agree" : "THEY DIFFER"}; ${money.differences} differences; ${money.holds} holds of killed turns lapse within ten minutes`,
    ],
  );
}
