import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAdminKey } from "../../src/auth/manage-admin-keys.ts";
import { requestIncrease } from "../../src/money/manage-increase-requests.ts";
import { createOrganization } from "../../src/tenancy/create-organization.ts";
import { addUser } from "../../src/tenancy/manage-users.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";
import { type Platform, startPlatform } from "../support/start-platform.ts";

let platform: Platform;
let admin: Anthropic;
let userId: string;
beforeAll(async () => {
  platform = await startPlatform();
  admin = new Anthropic({ baseURL: platform.url, apiKey: platform.adminKey, maxRetries: 0 });
  const act = { ...SYSTEM, organizationId: platform.organizationId };
  userId = (await addUser(platform.keys, act, { email: "ada@example.com", name: "Ada", role: "developer" })).id;
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

const ask = (period: "daily" | "weekly" | "monthly") =>
  requestIncrease(platform.keys, { ...SYSTEM, organizationId: platform.organizationId }, { userId, period });
const BAD = { status: 400, error: { error: { type: "invalid_request_error" } } };

test("a request is listed with what its member may spend, approved with a limit of the member's, and then told so", async () => {
  const { increaseRequests } = admin.organization.spendLimits;
  await admin.beta.organization.spendLimits.set({ amount: "100", period: "weekly", scope: { type: "user", user_id: userId } });
  const id = await ask("weekly");
  const actor = { type: "user_actor", user_id: userId, name: "Ada", email_address: "ada@example.com", deleted: false };
  expect(await increaseRequests.retrieve(id)).toMatchObject({
    id,
    type: "spend_limit_increase_request",
    actor,
    period: "weekly",
    status: "pending",
    resolved_at: null,
    resolved_by: null,
    spend_summary: { actor, amount: "100", period: "weekly", period_to_date_spend: "0" },
  });
  const approved = await increaseRequests.approve(id, { amount: "900" });
  expect(approved).toMatchObject({
    status: "approved",
    resolved_by: { type: "scoped_api_key_actor", scoped_api_key_id: expect.stringMatching(/^adminkey_/) as string },
    spend_summary: null,
    spend_limit: { amount: "900", period: "weekly", scope: { type: "user", user_id: userId } },
  });
  await expect(increaseRequests.approve(id, { amount: "901" })).rejects.toMatchObject(BAD);
  await expect(increaseRequests.deny(id, {})).rejects.toMatchObject(BAD);
});

test("a request is denied, also twice, and the lists are filtered and paged", async () => {
  const { increaseRequests } = admin.organization.spendLimits;
  const id = await ask("monthly");
  expect(await increaseRequests.deny(id, {})).toMatchObject({ status: "denied", spend_summary: null });
  expect(await increaseRequests.deny(id, {})).toMatchObject({ status: "denied" });
  await expect(increaseRequests.approve(id, { amount: "1" })).rejects.toMatchObject(BAD);
  expect((await increaseRequests.list({ status: ["denied"] })).data.map((each) => each.id)).toEqual([id]);
  expect((await increaseRequests.list({ actor_ids: ["user_%"] })).data).toEqual([]);
  const seen = await Array.fromAsync(increaseRequests.list({ limit: 1 }));
  expect(seen).toHaveLength(2);
  expect(seen[0]?.id).toBe(id);
});

test("another organization's request is not found, and somebody who is not a member asks for nothing", async () => {
  const id = await ask("daily");
  const { organizationId } = await createOrganization(platform.keys, "Second", SYSTEM);
  const key = await createAdminKey(platform.keys, { name: "second", organizationId, expiresAtMs: null }, SYSTEM);
  const { increaseRequests } = new Anthropic({ baseURL: platform.url, apiKey: key.secret, maxRetries: 0 }).organization
    .spendLimits;
  await expect(increaseRequests.retrieve(id)).rejects.toMatchObject({ status: 404 });
  await expect(increaseRequests.approve(id, { amount: "1" })).rejects.toMatchObject({ status: 404 });
  await expect(increaseRequests.deny(id, {})).rejects.toMatchObject({ status: 404 });
  expect((await increaseRequests.list()).data).toEqual([]);
  await expect(requestIncrease(platform.keys, { ...SYSTEM, organizationId }, { userId, period: "daily" })).rejects.toMatchObject({
    type: "not_found_error",
  });
});
