import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql, type SQL } from "drizzle-orm";
import { expect, onTestFinished, test } from "vitest";
import { sampleTurn } from "../../src/ledger/__fixtures__/sample-turn.ts";
import { createLedger } from "../../src/ledger/create-ledger.ts";
import { reconcileLedger } from "../../src/ledger/reconcile-ledger.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { createMetrics } from "../../src/platform/metrics.ts";
import { grantCredits, holdSpend } from "../../src/storage/spend.ts";
import { openTestStorage, silentLog } from "../../src/storage/testing/test-storage.ts";

test("reconciliation finds nothing after honest work, and each kind of difference after a dishonest change", async () => {
  await using storage = await openTestStorage();
  const spoolDir = await mkdtemp(join(tmpdir(), "parley-reconcile-"));
  onTestFinished(() => rm(spoolDir, { recursive: true, force: true }));
  await using ledger = await createLedger({ storage, spoolDir, log: silentLog });
  const metrics = createMetrics();
  const reconcile = () => reconcileLedger({ storage, clock: systemClock, log: silentLog, metrics });
  const change = (statement: SQL) => storage.run({ operation: "change", repeatable: false }, (db) => db.execute(statement));
  const agreed = { minutes: 0, hours: 0, days: 0, organizations: 0, credits: 0, charges: 0, spend: 0, holds: 0 };

  // Of one hour, whenever that ends.
  const startedAtMs = Date.now();
  const turn = (id: string, isCharged: boolean) => {
    const sample = sampleTurn(id);
    return { ...sample, startedAtMs, bill: { ...sample.bill, isCharged } };
  };
  const { organizationId, workspaceId, apiKeyId } = sampleTurn("req");
  const grant = { organizationId, kind: "grant" as const, nanoUsd: 3_000_000n, expiresAtMs: null };
  await grantCredits(storage, { ...grant, id: "crgr_1", reference: "one" });
  await grantCredits(storage, { ...grant, id: "crgr_2", reference: "two" });
  await holdSpend(storage, [{ requestId: "req_held", organizationId, workspaceId, apiKeyId, userId: null, nanoUsd: 7n }], {
    isPrepaid: true,
    holder: "holder_1",
    lapseMs: 60_000,
  });
  await Promise.all(Array.from({ length: 30 }, (_, index) => ledger.record(turn(`req_reconcile_${index}`, index % 3 === 0))));
  // Of a workspace whose sums are lost altogether, too.
  await ledger.record({ ...turn("req_elsewhere", false), workspaceId: "wrkspc_01elsewhere" });
  expect(await reconcile()).toEqual(agreed);

  const elsewhere = sql`select id from usage_series where workspace_id = 'wrkspc_01elsewhere'`;
  for (const unit of ["minutes", "hours", "days"]) {
    await change(sql`delete from ${sql.identifier(`usage_${unit}`)} where series_id in (${elsewhere})`);
  }
  await change(sql`delete from usage_series where workspace_id = 'wrkspc_01elsewhere'`);
  // The day of the organization's own sums has one turn more than its parts, in each of three tables.
  expect(await reconcile()).toEqual({ ...agreed, minutes: 1, hours: 1, days: 1, organizations: 6 });

  await change(sql`update usage_hours set output_tokens = output_tokens + 1`);
  await change(sql`delete from usage_minutes`);
  expect(await reconcile()).toMatchObject({ hours: 3, days: 1 });
  expect((await reconcile()).minutes).toBeGreaterThan(0);
  await change(sql`update credit_grants set remaining_nano_usd = remaining_nano_usd - 1 where remaining_nano_usd > 0`);
  expect(await reconcile()).toMatchObject({ credits: 1, charges: 0 });
  await change(sql`update spend_accounts set charged_nano_usd = charged_nano_usd + 1`);
  expect(await reconcile()).toMatchObject({ charges: 1 });
  await change(sql`update spend_days set spent_nano_usd = 0`);
  await change(sql`delete from spend_holds`);
  expect(await reconcile()).toMatchObject({ spend: 1, holds: 1 });
  const { text } = await metrics.expose("text");
  expect(text).toContain('parley_reconciliation_differences{check="hours"} 3');
  expect(text).toContain('parley_reconciliation_differences{check="days"} 1');
});
