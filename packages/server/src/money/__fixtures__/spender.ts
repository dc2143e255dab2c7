/**
 * A process that begins many turns at once, each of which costs all that is held for it, and records those that it may run.
 * Arguments: database URL, spool folder, id prefix, turns. Prints what became of them as JSON.
 */
import { once } from "node:events";
import { createLedger } from "../../ledger/create-ledger.ts";
import { sampleTurn } from "../../ledger/__fixtures__/sample-turn.ts";
import { systemClock } from "../../platform/clock.ts";
import { Failure } from "../../platform/fail.ts";
import { openStorage } from "../../storage/storage.ts";
import { silentLog } from "../../storage/testing/test-storage.ts";
import { createChargingBiller } from "../create-charging-biller.ts";
import { createPriceBook } from "../price-book.ts";

const [databaseUrl = "", spoolDir = "", prefix = "", turns = "0"] = process.argv.slice(2);
const storage = await openStorage({ databaseUrl, dataDir: spoolDir, log: silentLog, clock: systemClock });
const ledger = await createLedger({ storage, spoolDir, log: silentLog });
const biller = createChargingBiller({
  storage,
  prices: createPriceBook(),
  clock: systemClock,
  log: silentLog,
  isPrepaid: true,
  signupNanoUsd: 1_000_000_000n,
  capNanoUsd: null,
});
const principal = { organizationId: "org_race", workspaceId: `wrkspc_${prefix}`, apiKeyId: "apikey_race" };
const usage = {
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 1_000,
  outputTokens: 500,
  thinkingTokens: 0,
};

async function runTurn(index: number): Promise<string> {
  const requestId = `req_${prefix}_${index}`;
  try {
    await using charge = await biller.hold(principal, {
      requestId,
      model: { id: "claude-haiku-4-5-20251001", weights: "w" },
      serviceTier: "standard",
      inferenceGeo: "global",
      inputTokens: 1_000,
      outputTokens: 500,
      startedAtMs: Date.now(),
    });
    // Every tenth fails before it has used anything, and gives back what was held.
    if (index % 10 === 0) return "released";
    await ledger.record({ ...sampleTurn(requestId), ...principal, usage, startedAtMs: Date.now(), bill: charge.bill(usage) });
    charge.settled();
    return "recorded";
  } catch (error) {
    return error instanceof Failure ? error.publicMessage : String(error);
  }
}

process.stdout.write("ready\n");
// All processes are up before any spends.
await once(process.stdin, "data");
process.stdin.destroy();
const outcomes = await Promise.all(Array.from({ length: Number(turns) }, (_, index) => runTurn(index)));
const counts: Record<string, number> = {};
for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
process.stdout.write(`${JSON.stringify(counts)}\n`);
await biller[Symbol.asyncDispose]();
await ledger.close();
await storage.close();
