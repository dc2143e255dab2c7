import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKey } from "../../src/auth/manage-api-keys.ts";
import { PLATFORM_TIERS } from "../../src/limits/tiers.ts";
import { commitPriority } from "../../src/tenancy/commit-priority.ts";
import { advanceOrganization, setOrganizationTier } from "../../src/tenancy/set-organization-tier.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";
import { dumpTable } from "../../src/storage/testing/dump-table.ts";
import { type Platform, startPlatform } from "../support/start-platform.ts";

let platform: Platform;
let admin: Anthropic;
let workspace: string;
let key: string;
beforeAll(async () => {
  platform = await startPlatform();
  admin = new Anthropic({ baseURL: platform.url, apiKey: platform.adminKey, maxRetries: 0 });
  workspace = (await admin.organization.workspaces.create({ name: "capped" })).id;
  key = (await createKey(platform.keys, { name: "capped", workspaceId: workspace, expiresAtMs: null }, SYSTEM)).secret;
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

const setTier = (tier: string) =>
  setOrganizationTier(platform.keys, { ...SYSTEM, organizationId: platform.organizationId }, { tier, customLimits: null });
const ask = (apiKey: string) =>
  new Anthropic({ baseURL: platform.url, apiKey, maxRetries: 0 }).messages
    .create({ model: "claude-haiku-4-5", max_tokens: 10, messages: [{ role: "user", content: "Hi" }] })
    .withResponse();
const haikuLimit = async () => {
  for await (const limit of admin.organization.rateLimits.list({ model: "claude-haiku-4-5" })) return limit;
  throw new Error("there is no such limit");
};
const raw = (path: string, init: { version?: string; body?: unknown } = {}) =>
  fetch(`${platform.url}/v1/organizations/${path}`, {
    headers: {
      "x-api-key": platform.adminKey,
      "anthropic-version": init.version ?? "2026-10-21",
      "content-type": "application/json",
    },
    ...(init.body === undefined ? {} : { method: "POST", body: JSON.stringify(init.body) }),
  });

test("the SDK lists the organization's limits by group, with the limits of its tier", async () => {
  await setTier("2");
  const limits = [];
  for await (const limit of admin.organization.rateLimits.list()) limits.push(limit);
  expect(limits.map((limit) => limit.group.type)).toEqual([...Array<string>(6).fill("model_group"), "token_count", "batch"]);
  expect(limits.find((limit) => limit.group.type === "model_group" && limit.group.display_name === "Claude Opus")).toEqual({
    type: "rate_limit",
    id: expect.stringMatching(/^rl_01[0-9a-f]{22}$/) as string,
    group: {
      id: expect.stringMatching(/^rlg_01[0-9a-f]{22}$/) as string,
      type: "model_group",
      display_name: "Claude Opus",
    },
    models: expect.arrayContaining(["claude-opus-4-6", "claude-opus-4-5"]) as string[],
    limits: [
      { type: "requests_per_minute", value: 1_000 },
      { type: "input_tokens_per_minute_cache_aware", value: 450_000 },
      { type: "output_tokens_per_minute", value: 90_000 },
    ],
  });
  expect(limits.at(-2)).toMatchObject({ models: null, limits: [{ type: "requests_per_minute", value: 2_000 }] });
  expect(limits.at(-1)).toMatchObject({ models: null, limits: [{ type: "enqueued_batch_requests", value: 200_000 }] });
});

test("pages, group type and model narrow the list; an unknown model is 404", async () => {
  const first = await admin.organization.rateLimits.list({ limit: 4 });
  expect(first.data).toHaveLength(4);
  const second = await first.getNextPage();
  expect(second.data).toHaveLength(4);
  expect(second.next_page).toBeNull();
  expect((await admin.organization.rateLimits.list({ group_type: "token_count" })).data).toHaveLength(1);
  expect((await admin.organization.rateLimits.list({ group_type: "skills" })).data).toEqual([]);
  await expect(admin.organization.rateLimits.list({ model: "no-such" })).rejects.toMatchObject({
    status: 404,
    message: expect.stringContaining("model: no-such") as string,
  });
});

test("the older dialect names the group's type only", async () => {
  const { data } = (await (await raw("rate_limits?model=claude-haiku-4-5", { version: "2023-06-01" })).json()) as {
    data: Record<string, unknown>[];
  };
  expect(data).toHaveLength(1);
  expect(data[0]).toMatchObject({ type: "rate_limit", group_type: "model_group" });
  expect(data[0]).not.toHaveProperty("group");
});

test("a workspace's override holds beside the organization's limits, on every node within a second, and is cleared by null", async () => {
  await setTier("2");
  await using other = await platform.startNode();
  const { id } = await haikuLimit();
  expect((await ask(key)).response.headers.get("anthropic-ratelimit-requests-limit")).toBe("1000");
  const set = await admin.organization.workspaces.rateLimits.update(id, {
    workspace_id: workspace,
    limits: [
      { type: "requests_per_minute", value: 2 },
      { type: "output_tokens_per_minute", value: 1_000_000 },
    ],
  });
  expect(set).toMatchObject({
    type: "workspace_rate_limit",
    rate_limit_id: id,
    workspace_id: workspace,
    limits: [
      { type: "requests_per_minute", value: 2, org_limit: 1_000, source: { type: "workspace" } },
      { type: "output_tokens_per_minute", value: 1_000_000, org_limit: 90_000, source: { type: "workspace" } },
    ],
  });
  const { response } = await ask(key);
  expect(response.headers.get("anthropic-ratelimit-requests-limit")).toBe("2");
  expect(response.headers.get("anthropic-ratelimit-output-tokens-limit")).toBe("90000");
  await ask(key);
  const elsewhere = new Anthropic({ baseURL: other.url, apiKey: key, maxRetries: 0 });
  await expect(
    elsewhere.messages.create({ model: "claude-haiku-4-5", max_tokens: 10, messages: [{ role: "user", content: "Hi" }] }),
  ).rejects.toMatchObject({
    status: 429,
    message: expect.stringContaining("your workspace's rate limit of 2 requests per minute") as string,
  });
  // The other workspace is not concerned.
  await ask(platform.apiKey);
  const cleared = await admin.organization.workspaces.rateLimits.update(id, {
    workspace_id: workspace,
    limits: [
      { type: "requests_per_minute", value: null },
      { type: "output_tokens_per_minute", value: null },
    ],
  });
  expect(cleared.limits).toEqual([]);
  await ask(key);
});

test("a workspace lists its overrides only, and with include_inherited what it inherits too", async () => {
  const { id } = await haikuLimit();
  const limits = [{ type: "input_tokens_per_minute" as const, value: 5_000 }];
  await admin.organization.workspaces.rateLimits.update(id, { workspace_id: workspace, limits });
  const own = await admin.organization.workspaces.rateLimits.list(workspace);
  expect(own.data.map((each) => each.limits)).toEqual([
    [{ type: "input_tokens_per_minute", value: 5_000, org_limit: null, source: { type: "workspace" } }],
  ]);
  const all = await admin.organization.workspaces.rateLimits.list(workspace, { include_inherited: true });
  expect(all.data).toHaveLength(7);
  expect(all.data.find((each) => each.rate_limit_id === id)?.limits).toContainEqual({
    type: "requests_per_minute",
    value: 1_000,
    org_limit: 1_000,
    source: { type: "organization" },
  });
});

test("service_tier auto draws on committed capacity and says so; standard_only does not", async () => {
  const act = { ...SYSTEM, organizationId: platform.organizationId };
  await commitPriority(platform.keys, act, "haiku", { inputTokensPerMinute: 10_000, outputTokensPerMinute: 15 });
  const workspaceId = (await admin.organization.workspaces.create({ name: "priority" })).id;
  const created = await createKey(platform.keys, { name: "priority", workspaceId, expiresAtMs: null }, SYSTEM);
  const { data, response } = await ask(created.secret);
  expect(data.usage.service_tier).toBe("priority");
  expect(response.headers.get("anthropic-priority-input-tokens-limit")).toBe("10000");
  expect(response.headers.get("anthropic-priority-output-tokens-limit")).toBe("15");
  const client = new Anthropic({ baseURL: platform.url, apiKey: created.secret, maxRetries: 0 });
  const body = { model: "claude-haiku-4-5", max_tokens: 10, messages: [{ role: "user" as const, content: "Hi" }] };
  const standard = await client.messages.create({ ...body, service_tier: "standard_only" }).withResponse();
  expect(standard.data.usage.service_tier).toBe("standard");
  expect(standard.response.headers.get("anthropic-priority-input-tokens-limit")).toBeNull();
  const streamed = await client.messages.stream({ ...body, max_tokens: 16 }).finalMessage();
  // 16 fit into a full bucket of 15 only, and the first turn's are not all back.
  expect(streamed.usage.service_tier).toBe("standard");
  await commitPriority(platform.keys, act, "haiku", null);
});

test("every change of limits and tiers is in the audit log", async () => {
  const text = await dumpTable(platform.storage, "audit_log");
  expect(text).toContain("workspace.rate_limits");
  expect(text).toContain("organization.tier");
});

test.each([
  [{ limits: [{ type: "fast_otpm", value: 1 }] }, "limits.0.type: 'fast_otpm' is not a limiter of the group 'Claude Haiku'"],
  [{ limits: [{ type: "requests_per_minute", value: -1 }] }, "limits.0.value: "],
  [{ limits: [{ type: "requests_per_minute", value: 1, more: 1 }] }, "limits.0.more: Extra inputs are not permitted"],
  [{ limits: [] }, "limits: "],
  [{}, "limits: Field required"],
  [{ limits: [{ type: "nonsense", value: 1 }] }, "limits.0.type: "],
])("a bad override is refused with its path: %j", async (body, message) => {
  const { id } = await haikuLimit();
  const reply = await raw(`workspaces/${workspace}/rate_limits/${id}`, { body });
  expect(reply.status).toBe(400);
  expect(((await reply.json()) as { error: { message: string } }).error.message).toContain(message);
});

test("another organization's workspace and an unknown limit are 404", async () => {
  const body = { limits: [{ type: "requests_per_minute", value: 1 }] };
  const { id } = await haikuLimit();
  expect((await raw(`workspaces/wrkspc_01nothing/rate_limits/${id}`, { body })).status).toBe(404);
  expect((await raw(`workspaces/${workspace}/rate_limits/rl_01nothing`, { body })).status).toBe(404);
  expect((await raw("workspaces/wrkspc_01nothing/rate_limits")).status).toBe(404);
});

test("counting tokens has the limit of its tier", async () => {
  const { id } = (await admin.organization.rateLimits.list({ group_type: "token_count" })).data[0]!;
  const limits = [{ type: "requests_per_minute" as const, value: 1 }];
  await admin.organization.workspaces.rateLimits.update(id, { workspace_id: workspace, limits });
  const client = new Anthropic({ baseURL: platform.url, apiKey: key, maxRetries: 0 });
  const count = () => client.messages.countTokens({ model: "claude-haiku-4-5", messages: [{ role: "user", content: "Hi" }] });
  await count();
  await expect(count()).rejects.toMatchObject({ status: 429 });
});

test("an organization advances by what it spent, once, and never back", async () => {
  await setTier("1");
  const advance = (spentUsd: number) =>
    advanceOrganization(platform.keys, {
      organizationId: platform.organizationId,
      tiers: PLATFORM_TIERS,
      defaultTier: null,
      depositedNanoUsd: 0n,
      spentNanoUsd: BigInt(spentUsd) * 1_000_000_000n,
    });
  expect(await advance(10)).toBeNull();
  expect(await advance(250)).toBe("3");
  expect(await advance(250)).toBeNull();
  expect((await haikuLimit()).limits[0]).toEqual({ type: "requests_per_minute", value: 2_000 });
});
