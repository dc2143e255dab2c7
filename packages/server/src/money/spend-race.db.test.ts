import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { creditBalance } from "../storage/spend.ts";
import { setSpendLimit } from "../storage/spend-limits.ts";
import { databaseUrlOf } from "../storage/testing/database-url-of.ts";
import { readSpendSums } from "../storage/testing/read-spend-sums.ts";
import { openTestStorage } from "../storage/testing/test-storage.ts";

const SPENDER = fileURLToPath(new URL("./__fixtures__/spender.ts", import.meta.url));
/** 1,000 tokens at twice 1,000 nano-dollars and 500 at 5,000. */
const TURN_NANO_USD = 4_500_000;
const USD = 1_000_000_000;

type Manner = readonly ["turns" | "lanes", many: number, creditNanoUsd: number];

/** A process that is ready to spend: so many turns at once, or in so many lanes. */
async function startSpender(databaseUrl: string, prefix: string, manner: Manner) {
  const folder = await mkdtemp(join(tmpdir(), "parley-spender-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const child = spawn(process.execPath, ["--conditions=source", SPENDER, databaseUrl, folder, prefix, ...manner.map(String)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe("ready");
  return {
    async spend(): Promise<Record<string, number>> {
      child.stdin.write("go\n");
      const line: unknown = (await lines.next()).value;
      await ended;
      return JSON.parse(String(line)) as Record<string, number>;
    },
  };
}

/** Runs two processes, of 500 turns at once each where nothing is said; says what was spent. */
async function race(limitNanoUsd: bigint | null, manner: Manner = ["turns", 500, USD]) {
  const storage = await openTestStorage();
  onTestFinished(() => storage.close());
  if (limitNanoUsd !== null) {
    const scope = {
      organizationId: "org_race",
      scopeType: "api_key" as const,
      scopeId: "apikey_race",
      period: "weekly" as const,
    };
    await setSpendLimit(storage, { ...scope, id: "spl_race", amountNanoUsd: limitNanoUsd, nowMs: Date.now() });
  }
  const spenders = await Promise.all(["a", "b"].map((prefix) => startSpender(databaseUrlOf(storage), prefix, manner)));
  const outcomes = await Promise.all(spenders.map((spender) => spender.spend()));
  const sums = await readSpendSums(storage);
  const recorded = outcomes.reduce((sum, each) => sum + (each["recorded"] ?? 0), 0);
  return { storage, outcomes, recorded, sums };
}

test("1,000 turns at once in two processes on one dollar of credit: it is spent to the last turn that fits, and not overshot", async () => {
  const { storage, outcomes, recorded, sums } = await race(null);
  process.stdout.write(`one dollar, two processes: ${JSON.stringify(outcomes)}, spent ${(sums.ledger / USD).toFixed(4)}\n`);
  expect(sums.ledger).toBe(recorded * TURN_NANO_USD);
  expect(sums.ledger).toBeLessThanOrEqual(USD);
  expect(sums).toMatchObject({ held: 0, holds: 0 });
  expect(sums).toMatchObject({ rollups: sums.ledger, charged: sums.ledger, credits: sums.ledger, spent: sums.ledger });
  expect(await creditBalance(storage, "org_race")).toBe(BigInt(USD - recorded * TURN_NANO_USD));
  const refused = outcomes.reduce((sum, each) => {
    const text = Object.keys(each).find((name) => name.startsWith("Your credit balance is too low"));
    return sum + (text === undefined ? 0 : (each[text] ?? 0));
  }, 0);
  const released = outcomes.reduce((sum, each) => sum + (each["released"] ?? 0), 0);
  expect(refused + released + recorded).toBe(1_000);
  expect(refused).toBeGreaterThan(0);
});

test("1,000 turns at once in two processes on a limit of half a dollar of one key do not overshoot it", async () => {
  const { outcomes, recorded, sums } = await race(500_000_000n);
  process.stdout.write(`half a dollar, two processes: ${JSON.stringify(outcomes)}\n`);
  expect(recorded).toBeGreaterThan(0);
  expect(sums.ledger).toBe(recorded * TURN_NANO_USD);
  expect(sums.ledger).toBeLessThanOrEqual(USD / 2);
  expect(sums).toMatchObject({ held: 0, holds: 0 });
  expect(
    Object.keys(outcomes[0] ?? {}).some((name) => name.startsWith("You have reached your specified API key usage limits.")),
  ).toBe(true);
});

test("two busy processes that hold money ahead spend a credit to the last turn, and leave nothing held", async () => {
  const turns = 4_000;
  const { storage, outcomes, recorded, sums } = await race(null, ["lanes", 16, turns * TURN_NANO_USD]);
  process.stdout.write(`4,000 turns' worth, two processes of 16 lanes: ${JSON.stringify(outcomes)}\n`);
  expect(recorded).toBe(turns);
  const ahead = outcomes.reduce((sum, each) => sum + (each["held ahead"] ?? 0), 0);
  expect(ahead).toBeGreaterThan(turns / 10);
  expect(sums).toMatchObject({ ledger: turns * TURN_NANO_USD, charged: turns * TURN_NANO_USD, held: 0, holds: 0 });
  expect(await creditBalance(storage, "org_race")).toBe(0n);
});
