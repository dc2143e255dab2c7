/**
 * A process of turns each of which costs all that is held for it, and which records those that it may run: `turns` at once, or in
 * `lanes` one after the other until one is refused. Arguments: database URL, spool folder, id prefix, `turns` or `lanes`, how many,
 * the account's first credit in nano-dollars. Prints what became of them as JSON.
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

const [databaseUrl = "", spoolDir = "", prefix = "", manner = "turns", many = "0", credit = "0"] = process.argv.slice(2);
const storage = await openStorage({ databaseUrl, dataDir: spoolDir, log: silentLog, clock: systemClock });
const durability = manner === "lanes" ? "disk" : "database";
const ledger = await createLedger({ storage, spoolDir, durability, log: silentLog });
const biller = createChargingBiller({
  storage,
  prices: createPriceBook(),
  clock: systemClock,
  log: silentLog,
  isPrepaid: true,
  signupNanoUsd: BigInt(credit),
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
    const bill = charge.bill(usage);
    await ledger.record({ ...sampleTurn(requestId), ...principal, usage, startedAtMs: Date.now(), bill });
    charge.settled();
    if (bill.holdIds !== undefined) counts["held ahead"] = (counts["held ahead"] ?? 0) + 1;
    return "recorded";
  } catch (error) {
    return error instanceof Failure ? error.publicMessage : String(error);
  }
}

const counts: Record<string, number> = {};
let begun = 0;

async function runNext(): Promise<string> {
  const outcome = await runTurn(begun++);
  counts[outcome] = (counts[outcome] ?? 0) + 1;
  return outcome;
}

async function runLane(): Promise<void> {
  for (let outcome = ""; outcome === "" || ["recorded", "released"].includes(outcome);) outcome = await runNext();
}

process.stdout.write("ready\n");
// All processes are up before any spends.
await once(process.stdin, "data");
process.stdin.destroy();
await Promise.all(Array.from({ length: Number(many) }, () => (manner === "lanes" ? runLane() : runNext())));
await biller[Symbol.asyncDispose]();
await ledger.close();
process.stdout.write(`${JSON.stringify(counts)}\n`);
await storage.close();
