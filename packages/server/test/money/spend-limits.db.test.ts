import Anthropic from "@anthropic-ai/sdk";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAdminKey } from "../../src/auth/manage-admin-keys.ts";
import { createOrganization } from "../../src/tenancy/create-organization.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";
import { openSpendAccount } from "../../src/storage/spend.ts";
import { type Platform, startPlatform } from "../support/start-platform.ts";

let platform: Platform;
let limits: Anthropic["beta"]["organization"]["spendLimits"];
let admin: Anthropic;
let other: Anthropic;

beforeAll(async () => {
  platform = await startPlatform();
  const sdk = (apiKey: string) => new Anthropic({ baseURL: platform.url, apiKey, maxRetries: 0 });
  admin = sdk(platform.adminKey);
  limits = admin.beta.organization.spendLimits;
  const second = await createOrganization(platform.keys, "Second", SYSTEM);
  const secondKey = await createAdminKey(
    platform.keys,
    { name: "second", organizationId: second.organizationId, expiresAtMs: null },
    SYSTEM,
  );
  other = sdk(secondKey.secret);
  await platform.storage.run({ operation: "make users", repeatable: false }, (db) =>
    db.execute(sql`
      insert into users (id, organization_id, email, email_key, name, role, created_at)
      select 'user_' || n, ${platform.organizationId}, n || '@example.com', n || '@example.com', 'User ' || n, 'user', now()
      from generate_series(1, 3) n`),
  );
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

const NOT_FOUND = { status: 404, error: { error: { type: "not_found_error" } } };

test("the SDK sets a limit, sets it again in place, reads, lists and deletes it", async () => {
  const set = await limits.set({ amount: "50000", scope: { type: "workspace", workspace_id: platform.workspaceId } });
  expect(set).toEqual({
    id: expect.stringMatching(/^spl_01/) as string,
    type: "spend_limit",
    amount: "50000",
    currency: "USD",
    period: "monthly",
    scope: { type: "workspace", workspace_id: platform.workspaceId },
    is_enabled: true,
    created_at: expect.any(String) as string,
    updated_at: expect.any(String) as string,
  });
  const again = await limits.set({ amount: "70000", scope: { type: "workspace", workspace_id: platform.workspaceId } });
  expect(again).toMatchObject({ id: set.id, amount: "70000", created_at: set.created_at });
  expect(await limits.retrieve(set.id)).toEqual(again);
  const daily = await limits.set({ amount: "0", period: "daily", scope: { type: "organization" } });
  const listed = await limits.list({ limit: 1 });
  expect(listed.data).toEqual([daily]);
  const all = [];
  for await (const each of limits.list({ limit: 1 })) all.push(each.id);
  expect(all).toEqual([daily.id, set.id]);
  expect((await limits.list({ scope_type: ["workspace"] })).data.map(({ id }) => id)).toEqual([set.id]);
  expect((await limits.list({ workspace_id: "wrkspc_%" })).data).toEqual([]);
  expect(await limits.delete(daily.id)).toEqual({ id: daily.id, type: "spend_limit_deleted" });
  await expect(limits.retrieve(daily.id)).rejects.toMatchObject(NOT_FOUND);
});

test("what is limited must be the organization's own, and its limits are nobody else's", async () => {
  const mine = await limits.set({ amount: "100", scope: { type: "organization" } });
  const foreign = other.beta.organization.spendLimits;
  await expect(foreign.retrieve(mine.id)).rejects.toMatchObject(NOT_FOUND);
  await expect(foreign.delete(mine.id)).rejects.toMatchObject(NOT_FOUND);
  expect((await foreign.list()).data).toEqual([]);
  for (const scope of [
    { type: "workspace" as const, workspace_id: platform.workspaceId },
    { type: "user" as const, user_id: "user_1" },
  ]) {
    await expect(foreign.set({ amount: "1", scope })).rejects.toMatchObject(NOT_FOUND);
  }
  await limits.delete(mine.id);
});

test("the tier's limit is listed and cannot be deleted or set", async () => {
  await openSpendAccount(platform.storage, {
    organizationId: platform.organizationId,
    signup: { id: "crgr_test", nanoUsd: 0n },
    cap: { id: "spl_tier", nanoUsd: 100_000_000_000n },
  });
  expect((await limits.list({ scope_type: ["usage_tier"] })).data).toMatchObject([
    { id: "spl_tier", amount: "10000", period: "monthly", scope: { type: "usage_tier" } },
  ]);
  await expect(limits.delete("spl_tier")).rejects.toMatchObject({ status: 400 });
  await expect(
    admin.post("/v1/organizations/spend_limits", { body: { amount: "1", scope: { type: "usage_tier" } } }),
  ).rejects.toMatchObject({ status: 400, error: { error: { message: expect.stringContaining("scope") as string } } });
});

test.each([
  [{ scope: { type: "organization" } }, "amount: Field required"],
  [{ amount: "1.5", scope: { type: "organization" } }, "amount: String should match pattern '^\\d{1,11}$'"],
  [{ amount: "-1", scope: { type: "organization" } }, "amount: String should match pattern '^\\d{1,11}$'"],
  [{ amount: "1", scope: { type: "organization" }, period: "yearly" }, "period: Input should be 'daily', 'weekly' or 'monthly'"],
  [{ amount: "1", scope: { type: "organization" }, currency: "EUR" }, "currency: Extra inputs are not permitted"],
])("a bad limit is refused by its path: %j", async (body, message) => {
  await expect(admin.post("/v1/organizations/spend_limits", { body })).rejects.toMatchObject({
    status: 400,
    error: { error: { type: "invalid_request_error", message } },
  });
});

test("the effective report has a row a member and period, pages by member, and what was spent to three decimals of a cent", async () => {
  for (const [user_id, period, amount] of [
    ["user_1", "daily", "100"],
    ["user_1", "monthly", "1000"],
    ["user_2", "monthly", null],
  ] as const) {
    await limits.set({ amount, period, scope: { type: "user", user_id } });
  }
  await platform.storage.run({ operation: "spend", repeatable: false }, (db) =>
    db.execute(sql`
      insert into spend_days (organization_id, scope_type, scope_id, day, spent_nano_usd)
      values (${platform.organizationId}, 'user', 'user_1', date_trunc('day', now(), 'UTC'), 123456789)`),
  );
  const effective = admin.organization.spendLimits.effective;
  const first = await effective.list({ limit: 1 });
  expect(first.data).toMatchObject([
    {
      actor: { type: "user_actor", user_id: "user_1", name: "User 1", email_address: "1@example.com", deleted: false },
      amount: "100",
      period: "daily",
      period_to_date_spend: "12.345",
      source: { type: "user", user_id: "user_1" },
    },
    { amount: "1000", period: "monthly", period_to_date_spend: "12.345" },
  ]);
  const rows = [];
  for await (const row of effective.list({ limit: 1 }))
    rows.push([row.scope.type === "user" ? row.scope.user_id : "", row.amount]);
  expect(rows).toEqual([
    ["user_1", "100"],
    ["user_1", "1000"],
    ["user_2", null],
  ]);
  expect((await effective.list({ period: ["daily"] })).data).toHaveLength(1);
  expect((await effective.list({ user_ids: ["user_2", "user_%"] })).data).toHaveLength(1);
});

test("the audit log tells who set and deleted a limit, with what was before", async () => {
  const { rows } = await platform.storage.run({ operation: "read", repeatable: true }, (db) =>
    db.execute(
      sql`select action, before ->> 'amount' as before, after ->> 'amount' as after from audit_log
        where organization_id = ${platform.organizationId} and action like 'spend_limit.%' order by sequence limit 4`,
    ),
  );
  expect(rows).toEqual([
    { action: "spend_limit.set", before: null, after: "50000" },
    { action: "spend_limit.set", before: "50000", after: "70000" },
    { action: "spend_limit.set", before: null, after: "0" },
    { action: "spend_limit.delete", before: "0", after: null },
  ]);
});
