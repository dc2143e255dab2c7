import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { expect, onTestFinished, test } from "vitest";
import type { Principal } from "../auth/principal.ts";
import { systemClock } from "../platform/clock.ts";
import { holdSpend, listSpendHolds, type SpendScope } from "../storage/spend.ts";
import { setSpendLimit } from "../storage/spend-limits.ts";
import { sampleTurnRecord } from "../storage/testing/sample-turn-record.ts";
import { openTestStorage, silentLog } from "../storage/testing/test-storage.ts";
import { recordTurns } from "../storage/testing/record-turns.ts";
import { NOTHING_USED } from "../turn/add-usage.ts";
import { createChargingBiller } from "./create-charging-biller.ts";
import { UNUSED_MS } from "./create-hold-reserve.ts";
import { createPriceBook } from "./price-book.ts";

const BUSY = { organizationId: "org", workspaceId: "wrkspc_busy", apiKeyId: "apikey_busy", userId: "user_busy" };
const OTHER = { organizationId: "org", workspaceId: "wrkspc_other", apiKeyId: "apikey_other", userId: "user_other" };

/** Before it runs, of a small turn. */
const estimateOf = (requestId: string) => ({
  requestId,
  model: { id: "claude-haiku-4-5-20251001", weights: "w" },
  serviceTier: "standard" as const,
  inferenceGeo: "global",
  inputTokens: 100,
  outputTokens: 100,
  startedAtMs: Date.now(),
});

async function start() {
  const storage = await openTestStorage();
  onTestFinished(() => storage.close());
  const newBiller = () => {
    const biller = createChargingBiller({
      storage,
      prices: createPriceBook(),
      clock: systemClock,
      log: silentLog,
      isPrepaid: true,
      signupNanoUsd: 1_000_000_000_000n,
      capNanoUsd: null,
    });
    onTestFinished(() => biller[Symbol.asyncDispose]());
    return biller;
  };
  const biller = newBiller();
  let turns = 0;
  /** A turn that fails before it has used anything; whether it found money held ahead. */
  async function runTurn(principal: Principal, on = biller): Promise<boolean> {
    await using charge = await on.hold(principal, estimateOf(`req_${turns++}`));
    return charge.bill(NOTHING_USED).holdIds !== undefined;
  }
  async function allowNothing(scopeType: SpendScope, scopeId: string): Promise<void> {
    const scope = { organizationId: "org", scopeType, scopeId, period: "daily" as const };
    await setSpendLimit(storage, { ...scope, id: "spl_other", amountNanoUsd: 0n, nowMs: Date.now() });
  }
  return { storage, biller, newBiller, runTurn, allowNothing };
}

test.each([
  ["workspace", "workspaceId"],
  ["api_key", "apiKeyId"],
  ["user", "userId"],
] as const)(
  "one whose limit of its %s is reached is told at once, and takes nothing from another who is busy",
  async (scope, id) => {
    const { newBiller, runTurn, allowNothing } = await start();
    const elsewhere = newBiller();
    await allowNothing(scope, OTHER[id]);
    const over = new AbortController();
    const found: boolean[] = [];
    const runLane = async (): Promise<void> => {
      while (!over.signal.aborted) {
        found.push(await runTurn(BUSY));
        await sleep(5);
      }
    };
    const busy = Promise.all(Array.from({ length: 8 }, runLane));
    onTestFinished(async () => {
      over.abort();
      await busy;
    });
    await expect.poll(() => found.slice(-20).filter(Boolean).length).toBeGreaterThan(15);
    const from = found.length;
    // A fast machine refuses a few before the busy one has had a single turn.
    for (let tries = 0; tries < 4 || found.length < from + 16; tries += 1) {
      const on = tries % 2 === 0 ? undefined : elsewhere;
      const startedMs = performance.now();
      await expect(runTurn(OTHER, on)).rejects.toThrow("usage limits");
      expect(performance.now() - startedMs).toBeLessThan(UNUSED_MS);
    }
    const during = found.slice(from);
    expect(during.filter(Boolean).length).toBeGreaterThan(during.length / 2);
  },
);

test("rows that are on the ledger already, and whose holds have ended, wait for no account", async () => {
  const storage = await openTestStorage();
  onTestFinished(() => storage.close());
  const rowOf = (organizationId: string, id: string) => ({
    ...sampleTurnRecord(`req_${id}`),
    organization_id: organizationId,
    is_charged: true,
    hold_ids: [`ahead_${id}`],
  });
  const hold = (organizationId: string, id: string) =>
    holdSpend(storage, [{ ...BUSY, organizationId, requestId: `ahead_${id}`, nanoUsd: 1n }], {
      isPrepaid: false,
      holder: "h",
      lapseMs: 60_000,
    });
  await hold("org_a", "1");
  await hold("org_b", "2");
  await recordTurns(storage, [rowOf("org_a", "1")]);
  const outcome = await storage.run({ operation: "lock", repeatable: false }, (database) =>
    database.transaction(async (transaction) => {
      await transaction.execute(sql`select 1 from spend_accounts where organization_id = 'org_a' for update`);
      const both = recordTurns(storage, [rowOf("org_a", "1"), rowOf("org_b", "2")]);
      return Promise.race([both.then(() => "recorded"), sleep(3_000).then(() => "waits")]);
    }),
  );
  expect(outcome).toBe("recorded");
  expect(await listSpendHolds(storage)).toEqual([]);
});

test("all that was held for a turn, its further steps too, is held until its row is in the database, and no longer", async () => {
  const { storage, biller } = await start();
  const charge = await biller.hold(BUSY, estimateOf("req_steps"));
  expect(await charge.extend({ ...NOTHING_USED, inputTokens: 50_000 }, { outputTokens: 100, webSearches: 0 })).toBe(true);
  const { holdIds = [] } = charge.bill(NOTHING_USED);
  expect(holdIds).toEqual(["req_steps/2"]);
  // The row is on the disk of its node.
  charge.settled();
  await charge[Symbol.asyncDispose]();
  expect(await listSpendHolds(storage)).toHaveLength(2);
  const row = { ...sampleTurnRecord("req_steps"), organization_id: BUSY.organizationId, is_charged: true, hold_ids: holdIds };
  await recordTurns(storage, [row]);
  expect(await listSpendHolds(storage)).toEqual([]);
});
