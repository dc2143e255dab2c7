import type { LoggedRequest } from "@parley/wire";
import Anthropic from "@anthropic-ai/sdk";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { end, HELLO, scripted, start, textBlock } from "../../src/doors/testing/scripted-engine.ts";
import { fail } from "../../src/platform/fail.ts";
import { recordTurns } from "../../src/storage/testing/record-turns.ts";
import { sampleTurnRecord } from "../../src/storage/testing/sample-turn-record.ts";
import { createFailureLog } from "../../src/ledger/create-failure-log.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { listRequests, type RequestCursor, type RequestPage } from "../../src/storage/request-log.ts";
import { silentLog } from "../../src/storage/testing/test-storage.ts";
import { type Platform, startPlatform } from "../support/start-platform.ts";

let platform: Platform;
let client: Anthropic;
beforeAll(async () => {
  platform = await startPlatform();
  client = new Anthropic({ baseURL: platform.url, apiKey: platform.apiKey, maxRetries: 0 });
});
afterAll(() => platform[Symbol.asyncDispose]());

const HI = { model: "claude-haiku-4-5", max_tokens: 16, messages: [{ role: "user" as const, content: "Hi" }] };

interface Page {
  readonly data: readonly LoggedRequest[];
  readonly next_page: string | null;
}

async function get(path: string): Promise<{ readonly status: number; readonly body: unknown }> {
  const headers = { "x-api-key": platform.adminKey, "anthropic-version": "2026-10-21" };
  const reply = await fetch(`${platform.url}/v1/organizations/requests${path}`, { headers });
  return { status: reply.status, body: await reply.json() };
}

const list = async (query = ""): Promise<Page> => (await get(query)).body as Page;
/** A failure is written behind the reply's back. */
const find = async (id: string | null | undefined) => (await get(`/${id ?? ""}`)).body as LoggedRequest;
type Refusal = InstanceType<typeof Anthropic.APIError>;
const refusalOf = async (turn: Promise<unknown>): Promise<Refusal> => turn.catch((error: unknown) => error) as Promise<Refusal>;

test("a turn is logged with its phases, its tokens and what its cache missed", async () => {
  const missed = { type: "system_changed" as const, missedInputTokens: 40 };
  platform.engine.play(scripted([start, ...textBlock(0, "Hello"), end({ cacheMissReason: missed })]));
  const { _request_id: id, ...message } = await client.messages.create(HI);
  platform.engine.play(scripted(HELLO));
  const { body } = await get(`/${id ?? ""}`);
  expect(body).toMatchObject({
    id,
    type: "request",
    status: "succeeded",
    error: null,
    message_id: message.id,
    model: "claude-haiku-4-5-20251001",
    weights: "tiny",
    product: "messages_api",
    stop_reason: "end_turn",
    workspace_id: platform.workspaceId,
    usage: { input_tokens: 11, cache_read_input_tokens: 7, cache_creation_input_tokens: 5, output_tokens: 5, thinking_tokens: 0 },
    cache_miss: { reason: "system_changed", missed_input_tokens: 40 },
    timings_ms: { render: 1, queue: 2, cached: 3, prefill: 4, decode: 5 },
  });
  const { timings_ms: timings, duration_ms: durationMs } = body as LoggedRequest;
  const before = [timings?.auth, timings?.read, timings?.limits];
  expect(before.every((ms) => typeof ms === "number" && ms >= 0)).toBe(true);
  expect(durationMs).toBeCloseTo(15 + before.reduce<number>((sum, ms) => sum + (ms ?? 0), 0), 6);
});

test("what was refused before its turn is logged with what the client was told", async () => {
  const { requestID } = await refusalOf(client.messages.create({ ...HI, model: "no-such-model" }));
  await expect
    .poll(() => find(requestID))
    .toMatchObject({
      status: "errored",
      error: { type: "not_found_error", message: "model: no-such-model", status: 404 },
      model: "no-such-model",
      usage: null,
      cost: null,
      timings_ms: null,
    });
});

test("a turn that fails once it has begun is logged once, with what it had used", async () => {
  platform.engine.play(async function* () {
    yield start;
    throw fail("overloaded_error", { public: "Overloaded" });
  });
  const { requestID } = await refusalOf(client.messages.create(HI));
  platform.engine.play(scripted(HELLO));
  const later = await refusalOf(client.messages.create({ ...HI, model: "gone" }));
  // Failures are written in their order: with the later one there, the earlier is, too.
  await expect.poll(() => find(later.requestID)).toMatchObject({ status: "errored" });
  const logged = (await list("?status=errored")).data.filter(({ id }) => id === requestID);
  expect(logged).toMatchObject([{ error: { type: "overloaded_error" }, usage: { input_tokens: 11 } }]);
});

test("under zero data retention what clients were told is not kept, and what was kept goes", async () => {
  const before = await refusalOf(client.messages.create({ ...HI, model: "told-before" }));
  await expect.poll(() => find(before.requestID)).toMatchObject({ error: { message: "model: told-before" } });
  const retention = (zero: boolean) =>
    fetch(`${platform.url}/v1/organizations/workspaces/${platform.workspaceId}/data_retention`, {
      method: "POST",
      headers: { "x-api-key": platform.adminKey, "anthropic-version": "2026-10-21", "content-type": "application/json" },
      body: JSON.stringify({ zero_data_retention: zero }),
    });
  expect((await retention(true)).status).toBe(200);
  expect(await find(before.requestID)).toMatchObject({ error: { type: "not_found_error", message: null } });
  // Another node, which has not asked for the policy yet.
  await using node = await platform.startNode();
  const strict = new Anthropic({ baseURL: node.url, apiKey: platform.apiKey, maxRetries: 0 });
  const { requestID } = await refusalOf(strict.messages.create({ ...HI, model: "secret-name" }));
  await expect.poll(() => find(requestID)).toMatchObject({ error: { type: "not_found_error", message: null } });
  await retention(false);
});

test("pages follow one another without a gap or a repetition, over months and equal times, and filters hold", async () => {
  const rows = Array.from({ length: 25 }, (_, index) => ({
    ...sampleTurnRecord(`req_page_${String(index).padStart(2, "0")}`),
    organization_id: platform.organizationId,
    model: index % 2 === 0 ? "even" : "odd",
    outcome: index % 5 === 0 ? "client_closed" : null,
    // Five at each moment, the moments at both sides of a month's border.
    started_at: new Date(Date.UTC(2026, 8, 30, 23, 59, 58) + Math.floor(index / 5) * 1_000).toISOString(),
  }));
  await recordTurns(platform.storage, rows);
  const span = "starting_at=2026-09-30T00:00:00Z&ending_at=2026-10-02T00:00:00Z";
  const seen: string[] = [];
  let page: Page = await list(`?${span}&limit=7`);
  for (;;) {
    seen.push(...page.data.map(({ id }) => id));
    if (page.next_page === null) break;
    page = await list(`?${span}&limit=7&page=${page.next_page}`);
  }
  expect(seen).toEqual(rows.map(({ request_id: id }) => id).toReversed());
  expect((await list(`?${span}&limit=100&models[]=odd`)).data).toHaveLength(12);
  expect((await list(`?${span}&limit=100&status=canceled`)).data).toHaveLength(5);
  expect((await list(`?${span}&limit=100&workspace_ids[]=wrkspc_other`)).data).toHaveLength(0);
});

test("a filter looks at so many requests a page, and says how far it came", async () => {
  const rows = Array.from({ length: 30 }, (_, index) => ({
    ...sampleTurnRecord(`req_rare_${String(index).padStart(2, "0")}`),
    organization_id: "org_rare",
    model: index === 3 ? "rare" : "usual",
    started_at: new Date(Date.UTC(2026, 9, 1) + index * 1_000).toISOString(),
  }));
  await recordTurns(platform.storage, rows);
  const filter = { organizationId: "org_rare", fromMs: null, toMs: null, apiKeyIds: [], workspaceIds: [], outcome: null };
  const found: string[] = [];
  let pages = 0;
  for (let before: RequestCursor | null | undefined; before !== null; pages += 1) {
    const page: RequestPage = await listRequests(
      platform.storage,
      { ...filter, models: ["rare"] },
      { limit: 10, before: before ?? null, lookedAtMax: 7 },
    );
    found.push(...page.rows.map(({ id }) => id));
    before = page.lookedTo;
  }
  // Four pages of seven looked at, and the rest.
  expect([found, pages]).toEqual([["req_rare_03"], 5]);
  // Without a filter nothing is passed over.
  expect(
    await listRequests(platform.storage, { ...filter, models: [] }, { limit: 10, before: null, lookedAtMax: 7 }),
  ).toMatchObject({
    rows: { length: 10 },
    lookedTo: null,
  });
});

test("failed requests of a workspace go in slices when their days are over, and all but the newest of very many", async () => {
  const insert = (workspaceId: string, count: number, agoDays: number) =>
    platform.storage.run({ operation: "fill", repeatable: false }, (database) =>
      database.execute(sql`insert into request_failures
          (request_id, organization_id, workspace_id, api_key_id, status, error_type, duration_ms, started_at)
        select ${workspaceId}::text || ${agoDays}::text || '_' || n, 'org_slices', ${workspaceId}, 'k', 400, 'invalid_request_error', 1,
          now() - ${agoDays}::int * interval '24 hours' + n * interval '1 millisecond' from generate_series(1, ${count}::int) n`),
    );
  await insert("wrkspc_old", 12_000, 31);
  await insert("wrkspc_old", 3, 29);
  await insert("wrkspc_many", 6_010, 1);
  await using log = createFailureLog({
    storage: platform.storage,
    clock: systemClock,
    log: silentLog,
    keepsNothing: async () => false,
    retentionDays: 30,
    workspaceRowsMax: 1_000,
  });
  await log.sweep();
  const { rows } = await platform.storage.run({ operation: "count", repeatable: true }, (database) =>
    database.execute(sql`select workspace_id, count(*)::int as count, min(request_id) as oldest from request_failures
      where organization_id = 'org_slices' group by 1 order by 1`),
  );
  expect(rows).toEqual([
    { workspace_id: "wrkspc_many", count: 1_000, oldest: "wrkspc_many1_5011" },
    { workspace_id: "wrkspc_old", count: 3, oldest: "wrkspc_old29_1" },
  ]);
});

test("a filter that is not known is refused, and another organization's request is not there", async () => {
  expect(await get("?statuses=errored")).toMatchObject({
    status: 400,
    body: { error: { message: "statuses: Extra inputs are not permitted" } },
  });
  await recordTurns(platform.storage, [{ ...sampleTurnRecord("req_foreign"), organization_id: "org_foreign" }]);
  expect(await get("/req_foreign")).toMatchObject({ status: 404, body: { error: { type: "not_found_error" } } });
});

test("a page of the log is read from an index, not from the whole ledger", async () => {
  const plan = await platform.storage.run({ operation: "plan", repeatable: true }, (database) =>
    database.transaction(async (transaction) => {
      await transaction.execute(sql`insert into turn_records (sequence, request_id, organization_id, workspace_id, api_key_id,
          message_id, model, weights, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens,
          web_searches, input_nano_usd, cache_read_nano_usd, cache_write_5m_nano_usd, cache_write_1h_nano_usd, output_nano_usd,
          web_search_nano_usd, thinking_tokens, service_tier, render_ms, queue_ms, restore_ms, prefill_ms, decode_ms, started_at,
          inference_geo, context_window, product, price_reference, cost_nano_usd, is_charged)
        select nextval('turn_records_number_seq'), 'req_many_' || n, 'org_many', 'w', 'k', 'm', 'model', 'weights', 1, 0, 0, 0, 1,
          0, 0, 0, 0, 0, 0, 0, 0, 'standard', 1, 1, 1, 1, 1, '2026-11-20'::timestamptz + n * interval '1 second', 'global',
          '0-200k', 'messages_api', 'p', 0, false from generate_series(1, 20000) n`);
      await transaction.execute(sql`analyze turn_records`);
      const { rows } = await transaction.execute<{ "QUERY PLAN": string }>(sql`explain select request_id from turn_records
        where organization_id = 'org_many' and started_at <= '2026-11-20T03:00:00Z'
          and (started_at, request_id) < ('2026-11-20T03:00:00Z', 'req_many_5') order by started_at desc, request_id desc limit 100`);
      return rows.map((row) => row["QUERY PLAN"]).join("\n");
    }),
  );
  expect(plan).toContain("Index");
  expect(plan).not.toMatch(/Sort|Seq Scan on turn_records_y2026m11/);
});
