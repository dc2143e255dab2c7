import Anthropic from "@anthropic-ai/sdk";
import { ANALYTICS_GROUPS } from "@parley/wire";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sampleTurnRecord } from "../../src/storage/testing/sample-turn-record.ts";
import { recordTurns } from "../../src/storage/testing/record-turns.ts";
import type { TurnRecordRow } from "../../src/storage/turn-records.ts";
import { explainRollups } from "../../src/storage/usage-rollups.ts";
import { type Platform, startPlatform } from "../support/start-platform.ts";

let platform: Platform;
let admin: Anthropic;
const ODD = `wrkspc_%'"; drop table usage_days; --_ü😀`;

beforeAll(async () => {
  platform = await startPlatform();
  admin = new Anthropic({ baseURL: platform.url, apiKey: platform.adminKey, maxRetries: 0 });
  const { organizationId, workspaceId } = platform;
  const row = (id: string, startedAt: string, change: Partial<TurnRecordRow> = {}): TurnRecordRow => ({
    ...sampleTurnRecord(`req_report_${id}`),
    organization_id: organizationId,
    workspace_id: workspaceId,
    api_key_id: "apikey_a",
    started_at: startedAt,
    ...change,
  });
  await recordTurns(platform.storage, [
    row("1", "2026-11-01T00:00:00.000Z"),
    row("2", "2026-11-01T23:59:59.999Z", { workspace_id: ODD, model: "claude-opus-4-6", service_tier: "batch" }),
    row("3", "2026-11-03T12:30:15.000Z", { api_key_id: "apikey_b", context_window: "200k-1M", inference_geo: "us" }),
    row("4", "2026-11-03T12:31:00.000Z", { api_key_id: "apikey_b", product: "claude_code", session_id: "s1" }),
    row("5", "2026-11-03T12:32:00.000Z", { api_key_id: "apikey_b", product: "claude_code", session_id: "s1" }),
    row("6", "2026-11-03T13:00:00.000Z", { api_key_id: "apikey_c", product: "claude_code", session_id: "s2" }),
    row("7", "2026-11-03T13:00:00.000Z", {
      organization_id: "another organization",
      api_key_id: "apikey_c",
      product: "claude_code",
    }),
  ]);
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

interface Bucket {
  readonly starting_at: string;
  readonly ending_at: string;
  readonly results: readonly Record<string, unknown>[];
}
interface Report<Item = Bucket> {
  readonly data: readonly Item[];
  readonly has_more: boolean;
  readonly next_page: string | null;
}

const get = <Item = Bucket>(report: string, query: Record<string, unknown>): Promise<Report<Item>> =>
  admin.get(`/v1/organizations/${report}`, { query });
const usage = (query: Record<string, unknown>) => get("usage_report/messages", query);

const NOVEMBER = { starting_at: "2026-11-01T00:00:00Z", ending_at: "2026-11-04T00:00:00Z" };

test("usage by day: a bucket a day, empty ones too, every counter, dimensions null where they are not asked for", async () => {
  const report = await usage(NOVEMBER);
  expect(report).toMatchObject({ has_more: false, next_page: null });
  expect(report.data.map(({ starting_at, ending_at, results }) => [starting_at, ending_at, results.length])).toEqual([
    ["2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z", 1],
    ["2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z", 0],
    ["2026-11-03T00:00:00Z", "2026-11-04T00:00:00Z", 1],
  ]);
  expect(report.data[0]?.results[0]).toEqual({
    uncached_input_tokens: 24,
    cache_creation: { ephemeral_1h_input_tokens: 0, ephemeral_5m_input_tokens: 200 },
    cache_read_input_tokens: 4096,
    output_tokens: 68,
    server_tool_use: { web_search_requests: 0 },
    api_key_id: null,
    workspace_id: null,
    model: null,
    service_tier: null,
    context_window: null,
    inference_geo: null,
  });
});

test("usage in groups: one result a combination; the default workspace is null", async () => {
  const report = await usage({ ...NOVEMBER, limit: 1, group_by: ["workspace_id", "model", "service_tier"] });
  expect(report.data[0]?.results.map(({ workspace_id, model, service_tier }) => [workspace_id, model, service_tier])).toEqual(
    expect.arrayContaining([
      [null, "claude-haiku-4-5-20251001", "standard"],
      [ODD, "claude-opus-4-6", "batch"],
    ]),
  );
  expect(report.data[0]?.results).toHaveLength(2);
});

test.each([
  [{ workspace_ids: [ODD] }, 1],
  [{ workspace_ids: ["%"] }, 0],
  [{ workspace_ids: ["wrkspc_%"] }, 0],
  [{ models: ["claude-opus-4-6", "x' or '1'='1"] }, 1],
  [{ api_key_ids: ["apikey_b", "apikey_c"] }, 4],
  [{ api_key_ids: ["apikey_b"], context_window: ["200k-1M"] }, 1],
  [{ inference_geos: ["us"] }, 1],
  [{ service_tiers: ["standard", "batch"] }, 6],
])("a filter of usage keeps what it names and nothing else: %j", async (filter, requests) => {
  const report = await usage({ ...NOVEMBER, ...filter });
  const input = report.data
    .flatMap(({ results }) => results)
    .reduce((sum, each) => sum + Number(each["uncached_input_tokens"]), 0);
  expect(input).toBe(12 * requests);
});

test("buckets of an hour and a minute begin at their boundary, and pages go on where the last one ended", async () => {
  const query = { bucket_width: "1h", starting_at: "2026-11-03T11:20:00+00:00", ending_at: "2026-11-03T13:30:00Z", limit: 2 };
  const first = await usage(query);
  expect(first.data.map(({ starting_at, results }) => [starting_at, results.length])).toEqual([
    ["2026-11-03T11:00:00Z", 0],
    ["2026-11-03T12:00:00Z", 1],
  ]);
  expect(first.has_more).toBe(true);
  const second = await usage({ ...query, page: first.next_page });
  expect(second.data.map(({ starting_at, results }) => [starting_at, results.length])).toEqual([["2026-11-03T13:00:00Z", 1]]);
  expect(second).toMatchObject({ has_more: false, next_page: null });
  const minutes = await usage({ bucket_width: "1m", starting_at: "2026-11-03T12:30:30Z", ending_at: "2026-11-03T12:33:00Z" });
  expect(minutes.data.map(({ starting_at, results }) => [starting_at, results.length])).toEqual([
    ["2026-11-03T12:30:00Z", 1],
    ["2026-11-03T12:31:00Z", 1],
    ["2026-11-03T12:32:00Z", 1],
  ]);
});

test("a report of the year 1 has pages that can be turned", async () => {
  const query = { starting_at: "0001-01-01", limit: 1 };
  const first = await usage(query);
  const second = await usage({ ...query, page: first.next_page });
  expect([...first.data, ...second.data].map(({ starting_at: at }) => at)).toEqual([
    "0001-01-01T00:00:00Z",
    "0001-01-02T00:00:00Z",
  ]);
});

test.each([
  [{}, "starting_at: Field required"],
  [{ starting_at: "yesterday" }, "starting_at: Input should be a valid datetime"],
  [{ ...NOVEMBER, ending_at: "2026-10-01T00:00:00Z" }, "ending_at: Input should be after `starting_at`"],
  [{ ...NOVEMBER, bucket_width: "1w" }, "bucket_width: Input should be '1m', '1h' or '1d'"],
  [{ ...NOVEMBER, limit: 32 }, "limit: Input should be less than or equal to 31"],
  [{ ...NOVEMBER, bucket_width: "1h", limit: 169 }, "limit: Input should be less than or equal to 168"],
  [{ ...NOVEMBER, bucket_width: "1m", limit: 1441 }, "limit: Input should be less than or equal to 1440"],
  [{ ...NOVEMBER, page: "page_x" }, "page: Invalid page token"],
  [{ ...NOVEMBER, api_keys: ["a"] }, "api_keys[]: Extra inputs are not permitted"],
  [{ ...NOVEMBER, models: ["a", "b\0"] }, "models[]: Input should not contain NUL"],
  [
    { ...NOVEMBER, group_by: ["model", "colour"] },
    "group_by.1: Input should be 'api_key_id', 'workspace_id', 'model', 'service_tier', 'context_window' or 'inference_geo'",
  ],
])("a report refuses %j by its path", async (query, message) => {
  await expect(usage(query)).rejects.toMatchObject({
    status: 400,
    error: { error: { type: "invalid_request_error", message } },
  });
});

test("costs by day are cents as decimal text, whole or by what was paid for, and agree", async () => {
  const whole = await get("cost_report", NOVEMBER);
  expect(whole.data.map(({ results }) => results.map(({ amount, currency }) => [amount, currency]))).toEqual([
    [["0.10236", "USD"]],
    [],
    [["0.20472", "USD"]],
  ]);
  const parts = await get("cost_report", { ...NOVEMBER, limit: 1, group_by: ["description", "workspace_id"] });
  expect(parts.data[0]?.results).toHaveLength(8);
  expect(parts.data[0]?.results).toContainEqual({
    currency: "USD",
    amount: "0.0125",
    workspace_id: ODD,
    description: "claude-opus-4-6 Usage - Input Tokens, Cache Write 5m",
    cost_type: "tokens",
    token_type: "cache_creation.ephemeral_5m_input_tokens",
    model: "claude-opus-4-6",
    service_tier: "batch",
    context_window: "0-200k",
    inference_geo: "global",
  });
  expect(parts.data[0]?.results.reduce((sum, { amount }) => sum + Math.round(Number(amount) * 1e7), 0)).toBe(1_023_600);
});

test("Claude Code's report tells sessions, tokens and cost by key and model, in pages", async () => {
  const query = { starting_at: "2026-11-03", limit: 1 };
  const first = await get<Record<string, unknown>>("usage_report/claude_code", query);
  expect(first.data).toMatchObject([
    {
      date: "2026-11-03T00:00:00Z",
      actor: { type: "api_actor", api_key_name: "apikey_b" },
      organization_id: platform.organizationId,
      core_metrics: { num_sessions: 1, lines_of_code: { added: 0, removed: 0 } },
      model_breakdown: [
        {
          model: "claude-haiku-4-5-20251001",
          tokens: { input: 24, output: 68, cache_read: 4096, cache_creation: 200 },
          estimated_cost: { currency: "USD", amount: 1 },
        },
      ],
    },
  ]);
  const second = await get<Record<string, unknown>>("usage_report/claude_code", { ...query, page: first.next_page });
  expect(second).toMatchObject({ data: [{ actor: { api_key_name: "apikey_c" } }], has_more: false });
  expect(await get("usage_report/claude_code", { starting_at: "2026-11-02" })).toEqual({
    data: [],
    has_more: false,
    next_page: null,
  });
});

test("reports read sums, never the ledger: they answer while nobody may touch it", async () => {
  await platform.storage.run({ operation: "lock the ledger", repeatable: false }, (database) =>
    database.transaction(async (transaction) => {
      await transaction.execute(sql`lock table turn_records in access exclusive mode`);
      for (const bucket_width of ["1m", "1h", "1d"]) await usage({ ...NOVEMBER, bucket_width, group_by: ["model"] });
      await get("cost_report", { ...NOVEMBER, group_by: ["description"] });
      expect((await get("usage_report/claude_code", { starting_at: "2026-11-03" })).data).toHaveLength(2);
    }),
  );
  for (const unit of ["minute", "hour", "day"] as const) {
    const range = { fromMs: 0, toMs: 1, groupBy: ["model"] as const, want: "all" as const, filters: { model: ["x"] } };
    const plan = await explainRollups(platform.storage, { organizationId: platform.organizationId, unit, ...range });
    expect(plan).toContain(`usage_organization_${unit}s`);
    expect(plan).not.toContain("turn_records");
    const byKey = { ...range, groupBy: ["api_key_id"] as const };
    expect(await explainRollups(platform.storage, { organizationId: platform.organizationId, unit, ...byKey })).toContain(
      `usage_${unit}s`,
    );
  }
});

test("an API key reads no report", async () => {
  const client = new Anthropic({ baseURL: platform.url, apiKey: platform.apiKey, maxRetries: 0 });
  for (const path of ["usage_report/messages", "cost_report", "usage_report/claude_code"]) {
    await expect(client.get(`/v1/organizations/${path}`, { query: NOVEMBER })).rejects.toMatchObject({ status: 401 });
  }
});

const analytics = () => admin.beta.organization.analytics;

test("the newer reports: a row for the whole range, or one for each combination, ranked and in pages", async () => {
  const [whole, ...more] = await Array.fromAsync(analytics().usage.list(NOVEMBER));
  expect(more).toEqual([]);
  expect(whole).toEqual({
    ...NOVEMBER,
    group: Object.fromEntries(ANALYTICS_GROUPS.map((name) => [name, null])),
    usage: {
      uncached_input_tokens: 6 * 12,
      cache_creation: { ephemeral_1h_input_tokens: 0, ephemeral_5m_input_tokens: 6 * 100 },
      cache_read_input_tokens: 6 * 2048,
      output_tokens: 6 * 34,
      total_tokens: 6 * (12 + 100 + 2048 + 34),
      requests: 6,
      server_tool_use: { web_search_requests: 0 },
    },
  });
  const byKey = { ...NOVEMBER, group_by: ["actor", "api_key_id", "actor_type"] as const, limit: 1 };
  const ranked = await Array.fromAsync(analytics().usage.list({ ...byKey, group_by: [...byKey.group_by] }));
  expect(ranked.map(({ group, usage }) => [group.actor, group.api_key_id, group.actor_type, usage.requests])).toEqual([
    [{ type: "api_actor", api_key_id: "apikey_b" }, "apikey_b", "api_actor", 3],
    [{ type: "api_actor", api_key_id: "apikey_a" }, "apikey_a", "api_actor", 2],
    [{ type: "api_actor", api_key_id: "apikey_c" }, "apikey_c", "api_actor", 1],
  ]);
  const daily = analytics().usage.list({
    ...NOVEMBER,
    time_bucket_width: "1d",
    order_by: "time",
    order: "asc",
    group_by: ["product"],
  });
  expect(
    (await Array.fromAsync(daily)).map((row) => [row.starting_at, row.ending_at, row.group.product, row.usage.requests]),
  ).toEqual([
    ["2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z", "messages_api", 2],
    ["2026-11-03T00:00:00Z", "2026-11-04T00:00:00Z", "claude_code", 3],
    ["2026-11-03T00:00:00Z", "2026-11-04T00:00:00Z", "messages_api", 1],
  ]);
});

test("the newer cost report comes to the same in parts as in whole, and as the older one", async () => {
  const costs = (groups: ("cost_type" | "token_type" | "model")[]) =>
    Array.fromAsync(analytics().cost.list({ ...NOVEMBER, group_by: groups }));
  const sum = (rows: Awaited<ReturnType<typeof costs>>) => rows.reduce((cents, { cost }) => cents + Number(cost.amount), 0);
  const [whole] = await costs([]);
  const older = await get("cost_report", NOVEMBER);
  const olderCents = older.data.flatMap(({ results }) => results).reduce((cents, { amount }) => cents + Number(amount), 0);
  expect(Number(whole?.cost.amount)).toBeCloseTo(olderCents, 9);
  expect(whole?.cost).toMatchObject({ currency: "USD", requests: 6, list_amount: whole?.cost.amount });
  for (const groups of [["cost_type"], ["token_type"], ["cost_type", "token_type", "model"]] as const) {
    const rows = await costs([...groups]);
    expect(sum(rows)).toBeCloseTo(olderCents, 9);
    expect(rows.every(({ cost, group }) => cost.requests === null && group.cost_type === "tokens")).toBe(true);
  }
});

test("the newer reports' filters leave out what they should, and what nobody here has matches nothing", async () => {
  const requests = async (filters: Partial<Parameters<ReturnType<typeof analytics>["usage"]["list"]>[0]>) =>
    (await Array.fromAsync(analytics().usage.list({ ...NOVEMBER, ...filters }))).map(({ usage: { requests: count } }) => count);
  expect(await requests({ products: ["claude_code"] })).toEqual([3]);
  expect(await requests({ actor_ids: ["apikey_a", "apikey_c"], api_key_ids: ["apikey_c", "apikey_b"] })).toEqual([1]);
  expect(await requests({ inference_geos: ["us"], speeds: ["standard", "fast"] })).toEqual([1]);
  expect(await requests({ workspace_ids: [ODD] })).toEqual([1]);
  expect(await requests({ actor_types: ["user_actor"] })).toEqual([]);
  expect(await requests({ speeds: ["fast"] })).toEqual([]);
  expect(await requests({ rbac_group_ids: ["rbac_group_1"] })).toEqual([]);
  expect(await requests({ products: ["cowork"] })).toEqual([]);
});

test.each([
  [{ starting_at: "2026-11-01T00:00:00Z", ending_at: "2026-12-03T00:00:00Z" }, "ending_at: The range may span at most 31 days"],
  [{ ...NOVEMBER, time_bucket_width: "1m" as const }, "ending_at: The range may span at most 24 hours with `1m`"],
  [
    { starting_at: "2026-11-01T00:00:00Z", time_bucket_width: "1d" as const },
    "ending_at: Field required with `time_bucket_width`",
  ],
  [{ ...NOVEMBER, exclude_deleted_users: true }, "exclude_deleted_users: Requires `group_by[]=actor`"],
  [{ ...NOVEMBER, group_by: [...ANALYTICS_GROUPS].slice(0, 6) }, "group_by: List should have at most 5 items"],
  [{ ...NOVEMBER, models_: "x" }, "models_: Extra inputs are not permitted"],
])("the newer reports refuse %j", async (query, message) => {
  await expect(Array.fromAsync(analytics().usage.list(query))).rejects.toMatchObject({
    status: 400,
    error: { error: { message } },
  });
});

test("the newer reports want their beta header", async () => {
  await expect(get("analytics/usage", NOVEMBER)).rejects.toMatchObject({
    status: 400,
    error: { error: { message: "anthropic-beta: This endpoint needs the header `analytics-usage-cost-2026-08-24`" } },
  });
});
