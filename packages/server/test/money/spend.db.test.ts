import { absentMcp } from "../../src/doors/testing/absent-mcp.ts";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Anthropic from "@anthropic-ai/sdk";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { sampleTurn } from "../../src/ledger/__fixtures__/sample-turn.ts";
import { createLedger, type DurableLedger } from "../../src/ledger/create-ledger.ts";
import { type ChargingBiller, createChargingBiller } from "../../src/money/create-charging-biller.ts";
import { createPriceBook } from "../../src/money/price-book.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { creditBalance, grantCredits, listCreditGrants, type SpendPeriod, type SpendScope } from "../../src/storage/spend.ts";
import { setSpendLimit } from "../../src/storage/spend-limits.ts";
import { silentLog } from "../../src/storage/testing/test-storage.ts";
import {
  createScriptedEngine,
  end,
  scripted,
  start,
  textBlock,
  toolBlock,
  USAGE,
} from "../../src/doors/testing/scripted-engine.ts";
import { createModelRegistry } from "../../src/models/model-registry.ts";
import { createLog } from "../../src/platform/log.ts";
import { createToolLoop } from "../../src/tools/create-tool-loop.ts";
import type { ServerTool, ServerTools } from "../../src/tools/server-tool.ts";
import type { TurnEvent } from "../../src/turn/turn-event.ts";
import { type Platform, startPlatform } from "../support/start-platform.ts";

const CENT = 10_000_000n;
/** What the scripted turn costs: 11 in, 7 read, 3 and 2 written, 5 out, of Haiku 4.5. */
const TURN = 44_450n;
/** Longer than a busy disk keeps a renewal waiting. */
const LAPSE_MS = 1_000;

let platform: Platform;
let ledger: DurableLedger;
let biller: ChargingBiller;
let client: Anthropic;
let apiKeyId: string;
const started = new AsyncDisposableStack();

beforeAll(async () => {
  platform = started.use(await startPlatform());
  const { storage } = platform;
  const spoolDir = await mkdtemp(join(tmpdir(), "parley-spend-"));
  started.defer(() => rm(spoolDir, { recursive: true, force: true }));
  ledger = started.use(await createLedger({ storage, spoolDir, log: silentLog }));
  biller = started.use(
    createChargingBiller({
      storage,
      prices: createPriceBook(),
      clock: systemClock,
      log: silentLog,
      isPrepaid: true,
      signupNanoUsd: 5_000_000_000n,
      capNanoUsd: 100_000_000_000n,
    }),
  );
  const node = started.use(await platform.startNode({ biller, ledger }));
  client = new Anthropic({ baseURL: node.url, apiKey: platform.apiKey, maxRetries: 0 });
  const [key] = await read<{ id: string }>(sql`select id from api_keys where name = 'test'`);
  apiKeyId = key?.id ?? "";
});
afterAll(() => started.disposeAsync());

function read<Row extends Record<string, unknown>>(query: ReturnType<typeof sql>) {
  return platform.storage.run({ operation: "read", repeatable: false }, async (db) => (await db.execute<Row>(query)).rows);
}

beforeEach(async () => {
  await read(sql`delete from spend_limits where scope_type <> 'usage_tier'`);
});

const BODY = { model: "claude-haiku-4-5", max_tokens: 100, messages: [{ role: "user" as const, content: "Hi" }] };
const turn = () => client.messages.create(BODY);

async function limit(scopeType: SpendScope, scopeId: string, period: SpendPeriod, amountNanoUsd: bigint): Promise<void> {
  const { organizationId } = platform;
  await setSpendLimit(platform.storage, {
    id: `spl_${scopeType}_${period}`,
    organizationId,
    scopeType,
    scopeId,
    period,
    amountNanoUsd,
    nowMs: Date.now(),
  });
  // It counts within a second: where turns came fast, money lies ready that was held before.
  await expect.poll(() => read(sql`select from spend_holds where request_id like 'ahead%'`)).toEqual([]);
}

test("the first turn opens an account with five dollars, is charged exactly, and holds nothing afterwards", async () => {
  await turn();
  expect(await creditBalance(platform.storage, platform.organizationId)).toBe(5_000_000_000n - TURN);
  expect(await listCreditGrants(platform.storage, platform.organizationId)).toMatchObject([
    { kind: "signup", amountNanoUsd: 5_000_000_000n, remainingNanoUsd: 5_000_000_000n - TURN },
  ]);
  expect(await read(sql`select scope_type, scope_id, spent_nano_usd::text as spent from spend_days order by 1`)).toEqual([
    { scope_type: "api_key", scope_id: apiKeyId, spent: String(TURN) },
    { scope_type: "organization", scope_id: platform.organizationId, spent: String(TURN) },
    { scope_type: "workspace", scope_id: platform.workspaceId, spent: String(TURN) },
  ]);
  expect(await read(sql`select * from spend_holds`)).toEqual([]);
  expect(await read(sql`select sum(held_nano_usd)::text as held from spend_scopes`)).toEqual([{ held: "0" }]);
});

test.each([
  ["organization", "API", "daily"],
  ["workspace", "workspace API", "weekly"],
  ["api_key", "API key", "monthly"],
] as const)("a spend limit of the %s answers 400 with the day of its end", async (scope, words, period) => {
  const ids = { organization: platform.organizationId, workspace: platform.workspaceId, api_key: apiKeyId };
  await limit(scope, ids[scope], period, 1_000n);
  const error = await turn().catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(Anthropic.BadRequestError);
  expect(error).toMatchObject({
    error: {
      error: {
        type: "invalid_request_error",
        message: expect.stringMatching(
          new RegExp(
            `^You have reached your specified ${words} usage limits\\. You will regain access on \\d{4}-\\d\\d-\\d\\d at 00:00 UTC\\.$`,
          ),
        ) as string,
      },
    },
  });
  await limit(scope, ids[scope], period, CENT);
  await turn();
});

test("a limit of another workspace or key refuses nobody else", async () => {
  await limit("workspace", "wrkspc_other", "daily", 0n);
  await limit("api_key", "apikey_other", "daily", 0n);
  await limit("user", "user_other", "daily", 0n);
  expect((await turn()).type).toBe("message");
});

test("the cap of the tier answers 429 enforced_spend_limit_reached, which the SDK knows and does not try again", async () => {
  await limit("usage_tier", platform.organizationId, "monthly", 1_000n);
  let requests = 0;
  const patient = client.withOptions({
    maxRetries: 3,
    fetch: (url, init) => {
      requests += 1;
      return fetch(url, init);
    },
  });
  const error = await patient.messages.create(BODY).catch((caught: unknown) => caught);
  expect(requests).toBe(1);
  expect(error).toBeInstanceOf(Anthropic.RateLimitError);
  expect(error).toMatchObject({
    status: 429,
    error: { error: { type: "rate_limit_error", details: { error_code: "enforced_spend_limit_reached" } } },
  });
  const headers = (error as InstanceType<typeof Anthropic.RateLimitError>).headers;
  expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
  expect(headers.get("x-should-retry")).toBe("false");
  await limit("usage_tier", platform.organizationId, "monthly", 100_000_000_000n);
});

test("periods begin at their UTC boundary: what was spent before does not count", async () => {
  const scope = { organization_id: "org_periods", scope_id: "org_periods" };
  await read(sql`
    insert into spend_days (organization_id, scope_type, scope_id, day, spent_nano_usd)
    select ${scope.organization_id}, 'organization', ${scope.scope_id}, day, 1000
    from unnest(array[date_trunc('month', now(), 'UTC') - interval '1 day', date_trunc('month', now(), 'UTC'),
      date_trunc('week', now(), 'UTC') - interval '7 days', date_trunc('day', now(), 'UTC')]) day
    group by day`);
  const [spent] = await read(sql`
    select spent_in_period('org_periods', 'organization', 'org_periods', 'daily')::int as day,
      (select sum(spent_nano_usd)::int from spend_days where organization_id = 'org_periods' and day >= date_trunc('week', now(), 'UTC')) as week,
      spent_in_period('org_periods', 'organization', 'org_periods', 'weekly')::int as weekly,
      (select sum(spent_nano_usd)::int from spend_days where organization_id = 'org_periods' and day >= date_trunc('month', now(), 'UTC')) as month,
      spent_in_period('org_periods', 'usage_tier', 'org_periods', 'monthly')::int as monthly`);
  expect(spent?.["day"]).toBe(1000);
  expect(spent?.["weekly"]).toBe(spent?.["week"]);
  expect(spent?.["monthly"]).toBe(spent?.["month"]);
});

/** A hold of a principal of its own, on an account of its own. */
function hold(organizationId: string, outputTokens: number, other: Partial<Parameters<ChargingBiller["hold"]>[1]> = {}) {
  return biller.hold(
    { organizationId, workspaceId: `wrkspc_${organizationId}`, apiKeyId: `apikey_${organizationId}`, userId: "user_1" },
    {
      requestId: `req_${organizationId}_${Math.random()}`,
      model: { id: "claude-haiku-4-5-20251001", weights: "w" },
      serviceTier: "standard",
      inferenceGeo: "global",
      inputTokens: 0,
      outputTokens,
      startedAtMs: Date.now(),
      ...other,
    },
  );
}

const LOW = /^Your credit balance is too low to access the Anthropic API\. Please go to Plans & Billing/;

test("without credit a turn is refused with the words that clients parse, unless it costs nothing", async () => {
  // Five dollars are a million tokens.
  await using first = await hold("org_low", 900_000);
  await expect(hold("org_low", 100_001)).rejects.toMatchObject({
    type: "invalid_request_error",
    publicMessage: expect.stringMatching(LOW) as string,
  });
  await using second = await hold("org_low", 100_000);
  await using free = await hold("org_low", 1_000_000, { model: { id: "own", weights: "own" } });
  expect([first, second, free]).toHaveLength(3);
});

test("what a turn gives back can be held again at once", async () => {
  for (let round = 0; round < 3; round += 1) {
    await using _whole = await hold("org_back", 1_000_000);
    await expect(hold("org_back", 1)).rejects.toMatchObject({ type: "invalid_request_error" });
  }
  await using _again = await hold("org_back", 1_000_000);
});

test("a user's limit bears what that user's keys spend", async () => {
  await setSpendLimit(platform.storage, {
    id: "spl_user",
    organizationId: "org_user",
    scopeType: "user",
    scopeId: "user_1",
    period: "monthly",
    amountNanoUsd: CENT,
    nowMs: Date.now(),
  });
  await using _two = await hold("org_user", 2_000);
  await expect(hold("org_user", 1)).rejects.toMatchObject({
    publicMessage: expect.stringContaining("specified user usage limits") as string,
  });
});

const wanted = (requestId: string) => ({
  requestId,
  model: { id: "claude-haiku-4-5-20251001", weights: "w" },
  serviceTier: "standard" as const,
  inferenceGeo: "global",
  inputTokens: 0,
  outputTokens: 1_000_000,
  startedAtMs: Date.now(),
});
const quickBiller = () =>
  createChargingBiller({
    storage: platform.storage,
    prices: createPriceBook(),
    clock: systemClock,
    log: silentLog,
    isPrepaid: true,
    signupNanoUsd: 5_000_000_000n,
    capNanoUsd: null,
    lapseMs: LAPSE_MS,
  });
const canHold = (organizationId: string, outputTokens: number) =>
  hold(organizationId, outputTokens).then(
    () => "held",
    () => "refused",
  );

test("a hold whose process died lapses, and one that is renewed does not", async () => {
  await using _other = quickBiller();
  const mortal = quickBiller();
  await mortal.hold({ organizationId: "org_lapse", workspaceId: "w", apiKeyId: "k" }, wanted("req_lapse"));
  const expiry = async () =>
    (await read<{ at: string }>(sql`select expires_at::text as at from spend_holds where request_id = 'req_lapse'`))[0]?.at;
  const held = await expiry();
  // Alive: its expiry moves on.
  await expect.poll(expiry).not.toBe(held);
  await expect(hold("org_lapse", 1)).rejects.toMatchObject({ type: "invalid_request_error" });
  // Dead: nobody renews it.
  await mortal[Symbol.asyncDispose]();
  await expect.poll(() => canHold("org_lapse", 1_000_000)).toBe("held");
});

test("a clock of the database that is set ahead frees nothing that is held, and one that is set back keeps nothing", async () => {
  const [living, mortal] = [quickBiller(), quickBiller()];
  await living.hold({ organizationId: "org_ahead", workspaceId: "w", apiKeyId: "k" }, wanted("req_ahead"));
  await mortal.hold({ organizationId: "org_back", workspaceId: "w", apiKeyId: "k" }, wanted("req_back"));
  await mortal[Symbol.asyncDispose]();
  // What was written by the clock before is as old, or as far ahead, as the clock was set by.
  await read(sql`update spend_holds set expires_at = expires_at - interval '1 day' where request_id = 'req_ahead'`);
  await read(sql`update spend_holds set expires_at = expires_at + interval '1 day' where request_id = 'req_back'`);
  await expect(hold("org_ahead", 1)).rejects.toMatchObject({ type: "invalid_request_error" });
  await expect.poll(() => canHold("org_back", 1_000_000)).toBe("held");
  await expect(hold("org_ahead", 1)).rejects.toMatchObject({ type: "invalid_request_error" });
  await living[Symbol.asyncDispose]();
});

test("a turn that goes on after a server tool's call holds the next step first, and pauses where the money ends", async () => {
  const engine = createScriptedEngine();
  const webSearch: ServerTool = {
    counts: "web-search",
    run: async ({ id }) => ({ type: "web_search_tool_result", tool_use_id: id, content: [], caller: { type: "direct" } }),
    error: () => {
      throw new Error("no error is expected");
    },
  };
  const tools = { web_search: webSearch } as unknown as ServerTools;
  const loop = createToolLoop({ engine, tools, openSealed: () => null, mcp: absentMcp, log: createLog({ level: "silent" }) });
  const models = createModelRegistry({ mapping: { haiku: "tiny", sonnet: "tiny", opus: "tiny" }, engine: loop });
  await using node = await platform.startNode({ biller, ledger, engine: loop, models });
  const search = (): Promise<Anthropic.Message> => {
    let steps = 0;
    engine.play((turn, signal) => {
      steps += 1;
      const call = [start, ...toolBlock(0, "web_search", '{"query":"frogs"}'), end({ stopReason: "tool_use" })];
      // What was found makes a prompt of 100,000 tokens, ten cents.
      const long = { ...USAGE, inputTokens: 100_000 };
      const reply = [
        { ...start, usage: long } as TurnEvent,
        ...textBlock(0, "Green."),
        end({ usage: { ...long, outputTokens: 5 } }),
      ];
      return scripted(steps === 1 ? call : reply)(turn, signal);
    });
    return new Anthropic({ baseURL: node.url, apiKey: platform.apiKey, maxRetries: 0 }).messages.create({
      ...BODY,
      tools: [{ type: "web_search_20250305", name: "web_search", max_uses: 1 }],
    });
  };
  const spent = async () =>
    BigInt(
      (
        await read<{ n: string }>(sql`select charged_nano_usd::text as n from spend_accounts
    where organization_id = ${platform.organizationId}`)
      )[0]?.n ?? 0,
    );
  const before = await spent();
  await limit("workspace", platform.workspaceId, "daily", before + 5n * CENT);
  const paused = await search();
  expect([paused.stop_reason, paused.content.map(({ type }) => type)]).toEqual([
    "pause_turn",
    ["server_tool_use", "web_search_tool_result"],
  ]);
  expect(paused.usage).toMatchObject({ input_tokens: 11, output_tokens: 5, server_tool_use: { web_search_requests: 1 } });
  expect((await spent()) - before).toBe(TURN + CENT);
  await limit("workspace", platform.workspaceId, "daily", before + 100n * CENT);
  expect(await search()).toMatchObject({ stop_reason: "end_turn", usage: { input_tokens: 100_011 } });
  expect((await spent()) - before).toBe(TURN + CENT + TURN + CENT + TURN + 99_989_000n);
  expect(await read(sql`select request_id from spend_holds where organization_id = ${platform.organizationId}`)).toEqual([]);
});

test("a hold whose end got lost lapses, though its process lives", async () => {
  await using living = quickBiller();
  const charge = await living.hold(
    { organizationId: "org_lost", workspaceId: "w", apiKeyId: "k" },
    { ...wanted("req_lost"), serviceTier: "batch", outputTokens: 2_000_000 },
  );
  // Its row never comes to the ledger, as that of a batch's request whose result could not be stored.
  charge.settled();
  await expect.poll(() => canHold("org_lost", 1_000_000)).toBe("held");
});

test("credits are used oldest first, expired ones never, and a debt is paid by the next grant", async () => {
  const { storage } = platform;
  const organizationId = "org_oldest";
  const grant = (reference: string, nanoUsd: bigint, expiresAtMs: number | null = null) =>
    grantCredits(storage, { id: `crgr_${reference}`, organizationId, kind: "purchase", reference, nanoUsd, expiresAtMs });
  expect(await grant("invoice 1", 1_000n)).toBe(true);
  expect(await grant("invoice 1", 1_000n)).toBe(false);
  await grant("gone", 1_000_000n, Date.now() - 1);
  await grant("invoice 2", 1_000n, Date.now() + 60_000);
  const charge = (id: string, total: bigint) =>
    ledger.record({
      ...sampleTurn(id),
      organizationId,
      bill: {
        priceReference: "p",
        cost: { total, input: total, cacheRead: 0n, cacheWrite5m: 0n, cacheWrite1h: 0n, output: 0n, webSearch: 0n },
        isCharged: true,
      },
    });
  const remaining = async () => (await listCreditGrants(storage, organizationId)).map((each) => each.remainingNanoUsd);
  await charge("req_credit_1", 1_500n);
  expect(await remaining()).toEqual([0n, 1_000_000n, 500n]);
  // Twice on the ledger's door, once on the account.
  await charge("req_credit_1", 1_500n);
  expect(await creditBalance(storage, organizationId)).toBe(500n);
  await charge("req_credit_2", 800n);
  expect(await remaining()).toEqual([0n, 1_000_000n, 0n]);
  expect(await creditBalance(storage, organizationId)).toBe(-300n);
  await grant("invoice 3", 1_000n);
  expect(await remaining()).toEqual([0n, 1_000_000n, 0n, 700n]);
  expect(await creditBalance(storage, organizationId)).toBe(700n);
});
