import { afterAll, beforeAll, expect, test } from "vitest";
import { grantOwnCredits } from "../../src/money/grant-own-credits.ts";
import { setOwnSpendLimit } from "../../src/money/manage-spend-limits.ts";
import { sampleTurnRecord } from "../../src/storage/testing/sample-turn-record.ts";
import { recordTurns } from "../../src/storage/testing/record-turns.ts";
import { setOrganizationTier } from "../../src/tenancy/set-organization-tier.ts";
import { SYSTEM, type Act } from "../../src/tenancy/tenancy-deps.ts";
import { type Platform, startPlatform } from "../support/start-platform.ts";

let platform: Platform;
let act: Act;
beforeAll(async () => {
  platform = await startPlatform();
  act = { ...SYSTEM, organizationId: platform.organizationId };
});
afterAll(() => platform[Symbol.asyncDispose]());

const get = (path: string) =>
  fetch(`${platform.url}/v1/organizations/${path}`, {
    headers: { "x-api-key": platform.adminKey, "anthropic-version": "2026-10-21" },
  });
const read = async (path: string): Promise<unknown> => (await get(path)).json();

test("the use of a limit is what turns took of its bucket, and looking takes nothing", async () => {
  await setOrganizationTier(platform.keys, act, { tier: "1", customLimits: null });
  const before = await read("rate_limits/usage");
  expect(before).toMatchObject({ type: "rate_limit_usage", tier: "1" });
  const haikuOf = (usage: unknown) =>
    (
      usage as { data: { group: { display_name: string }; limits: { type: string; value: number; remaining: number }[] }[] }
    ).data.find(({ group }) => group.display_name === "Claude Haiku")?.limits;
  expect(haikuOf(before)).toMatchObject([
    { type: "requests_per_minute", value: 50, remaining: 50 },
    { type: "input_tokens_per_minute_cache_aware", value: 30_000, remaining: 30_000 },
    { type: "output_tokens_per_minute", value: 8_000, remaining: 8_000 },
  ]);
  for (let turn = 0; turn < 10; turn += 1) {
    const sent = await fetch(`${platform.url}/v1/messages`, {
      method: "POST",
      headers: { "x-api-key": platform.apiKey, "anthropic-version": "2023-06-01", "content-type": "application/json" },
      body: JSON.stringify({ model: "claude-haiku-4-5", max_tokens: 16, messages: [{ role: "user", content: "Hi" }] }),
    });
    expect(sent.status).toBe(200);
  }
  const [requests] = haikuOf(await read("rate_limits/usage")) ?? [];
  expect(requests?.remaining).toBeLessThan(50);
  expect(requests?.remaining).toBeGreaterThanOrEqual(40);
});

test("credits, months and what limits have come to are told in cents, and the statement is the month's", async () => {
  const { storage, keys, organizationId, workspaceId } = platform;
  const at = (day: string) => ({
    organization_id: organizationId,
    workspace_id: workspaceId,
    started_at: `${day}T09:00:00.000Z`,
  });
  const today = new Date().toISOString().slice(0, 10);
  await recordTurns(storage, [
    { ...sampleTurnRecord("req_old"), ...at("2025-03-01"), is_charged: true },
    { ...sampleTurnRecord("req_now"), ...at(today), is_charged: true },
  ]);
  await grantOwnCredits(keys, act, { kind: "purchase", reference: "invoice 7", nanoUsd: 10_000_000_000n, expiresAtMs: null });
  await setOwnSpendLimit(keys, act, {
    scope: { type: "workspace", workspaceId },
    period: "monthly",
    amountNanoUsd: 2_000_000_000n,
  });
  expect(await read("billing")).toMatchObject({
    type: "billing",
    is_charging: false,
    balance: "999.89764",
    credit_grants: [{ kind: "purchase", reference: "invoice 7", amount: "1000", remaining: "999.89764", expires_at: null }],
    months: expect.arrayContaining([{ month: "2025-03", requests: 1, amount: "0.05118" }]) as unknown,
  });
  expect(await read("spend_limits/progress")).toMatchObject({
    data: [{ spend_limit: { amount: "200", scope: { type: "workspace" } }, period_to_date_spend: "0.05118" }],
    next_page: null,
  });
  const csv = await get("statements?month=2025-03");
  expect(csv.headers.get("content-disposition")).toBe('attachment; filename="statement-2025-03.csv"');
  expect((await csv.text()).trim().split("\n")).toHaveLength(2);
  const pdf = await get("statements?month=2025-03&format=pdf");
  expect(pdf.headers.get("content-type")).toBe("application/pdf");
  expect((await pdf.text()).startsWith("%PDF-")).toBe(true);
});

test.each([
  ["statements", "month: Field required"],
  ["statements?month=2026-13", "month: Input should be a year and a month, such as 2026-11"],
  ["statements?month=2026-11&format=xml", "format: Input should be 'csv' or 'pdf'"],
  ["statements?month=2026-11&monht=1", "monht: Extra inputs are not permitted"],
])("%s is refused with: %s", async (path, message) => {
  const reply = await get(path);
  expect(reply.status).toBe(400);
  expect(await reply.json()).toMatchObject({ error: { type: "invalid_request_error", message } });
});
