/**
 * What the platform half adds to a turn: key check, rate limits, the hold on its cost, its ledger row with rollups and charge, over
 * a real PostgreSQL and an engine that answers at once. First the half alone, in one process; then whole requests over HTTP, sent by
 * a process of its own.
 *
 *   node --conditions=source bench/platform/run.ts [--money on|off] [--keys N] [--rows N] [--seconds N]
 */
import { fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { sql } from "drizzle-orm";
import { createAuthenticator } from "../../packages/server/src/auth/create-authenticator.ts";
import { createLedger } from "../../packages/server/src/ledger/create-ledger.ts";
import { createLimitPolicy } from "../../packages/server/src/limits/limit-policy.ts";
import { createLimiter } from "../../packages/server/src/limits/create-limiter.ts";
import { createMemoryBucketStore } from "../../packages/server/src/limits/memory-bucket-store.ts";
import { createChargingBiller } from "../../packages/server/src/money/create-charging-biller.ts";
import { createRecordingBiller } from "../../packages/server/src/money/create-recording-biller.ts";
import { createPriceBook } from "../../packages/server/src/money/price-book.ts";
import { systemClock } from "../../packages/server/src/platform/clock.ts";
import { newId } from "../../packages/server/src/platform/ids.ts";
import { silentLog } from "../../packages/server/src/storage/testing/test-storage.ts";
import { startPlatform } from "../../packages/server/test/support/start-platform.ts";
import { median, quantile } from "../support/statistics.ts";

const { values } = parseArgs({
  options: {
    money: { type: "string", default: "on" },
    keys: { type: "string", default: "0" },
    rows: { type: "string", default: "0" },
    seconds: { type: "string", default: "5" },
  },
});
const seconds = Number(values.seconds);
const USAGE = {
  inputTokens: 11,
  cacheReadTokens: 7,
  cacheWrite5mTokens: 3,
  cacheWrite1hTokens: 2,
  outputTokens: 5,
  thinkingTokens: 0,
};
const TIMINGS = { renderMs: 0, queueMs: 0, restoreMs: 0, prefillMs: 0, decodeMs: 0 };
const AT_ONCE = 64;

await using platform = await startPlatform();
const { storage } = platform;
await fill(Number(values.keys), Number(values.rows));

const spoolDir = await mkdtemp(join(tmpdir(), "parley-bench-"));
await using _folder = { [Symbol.asyncDispose]: () => rm(spoolDir, { recursive: true, force: true }) };
await using ledger = await createLedger({ storage, spoolDir, log: silentLog });
const prices = createPriceBook();
const biller =
  values.money === "on"
    ? createChargingBiller({
        storage,
        prices,
        clock: systemClock,
        log: silentLog,
        isPrepaid: true,
        signupNanoUsd: 1_000_000_000_000_000n,
        capNanoUsd: 1_000_000_000_000_000n,
      })
    : createRecordingBiller({ prices });
await using authenticator = createAuthenticator(platform.keys);
const limits = { requests: 10_000_000_000, inputTokens: 10_000_000_000, outputTokens: 10_000_000_000 };
const limiter = createLimiter({
  store: createMemoryBucketStore({ clock: systemClock }),
  policy: createLimitPolicy({
    storage,
    clock: systemClock,
    tiers: [],
    defaults: { tier: null, default: limits, modelClasses: {}, countTokensRequestsPerMinute: 10_000_000_000 },
  }),
  clock: systemClock,
});

process.stdout.write(
  `${cpus()[0]?.model.trim() ?? ""}, ${availableParallelism()} cores, Node ${process.version}, load ${loadavg()[0]?.toFixed(2)}; ` +
    `money ${values.money}, ${values.keys} further keys, ${values.rows} rows on the ledger\n`,
);
await turns(500);
await turns(4_000, AT_ONCE);
report("the platform half alone, one at a time", await turns(1_000));
report(`the platform half alone, ${AT_ONCE} at a time`, await turns(10_000, AT_ONCE));

await using node = await platform.startNode({ authenticator, limiter, biller, ledger });
for (const atOnce of [1, AT_ONCE]) report(`whole requests over HTTP, ${atOnce} at a time`, await requests(node.url, atOnce));

interface Run {
  readonly times: readonly number[];
  readonly tookMs: number;
  /** Of this process; 100 % is one core. */
  readonly cpuShare: number;
}

async function turns(count: number, atOnce = 1): Promise<Run> {
  const times: number[] = [];
  let left = count;
  return measured(times, async () => {
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        while (left-- > 0) {
          const begunMs = performance.now();
          await turn();
          times.push(performance.now() - begunMs);
        }
      }),
    );
  });
}

/** The steps of `runTurn` without an engine. */
async function turn(): Promise<void> {
  const requestId = newId("req");
  const principal = await authenticator.authenticate(platform.apiKey);
  const model = { id: "claude-haiku-4-5-20251001", weights: "tiny" };
  const startedAtMs = systemClock.nowMs();
  const estimate = { inputTokens: 100, outputTokens: 100 };
  await using reservation = await limiter.reserve(principal, { modelClass: "haiku", ...estimate });
  await using charge = await biller.hold(principal, {
    requestId,
    model,
    serviceTier: "standard",
    inferenceGeo: "global",
    startedAtMs,
    ...estimate,
  });
  await ledger.record({
    ...principal,
    userId: null,
    requestId,
    messageId: newId("msg"),
    model: model.id,
    weights: model.weights,
    usage: USAGE,
    stopReason: "end_turn",
    outcome: null,
    serviceTier: "standard",
    inferenceGeo: "global",
    product: "messages_api",
    sessionId: null,
    bill: charge.bill(USAGE),
    timings: TIMINGS,
    startedAtMs,
  });
  charge.settled();
  await reservation.settle(USAGE);
}

async function requests(url: string, atOnce: number): Promise<Run> {
  const times: number[] = [];
  return measured(times, async () => {
    const client = fork(join(import.meta.dirname, "load-client.ts"), [url, platform.apiKey, String(atOnce), String(seconds)], {
      execArgv: ["--conditions=source"],
    });
    const { promise, resolve } = Promise.withResolvers<readonly number[]>();
    client.once("message", (message) => resolve(message as readonly number[]));
    times.push(...(await promise));
  });
}

async function measured(times: readonly number[], work: () => Promise<void>): Promise<Run> {
  const cpuBefore = process.cpuUsage();
  const begunMs = performance.now();
  await work();
  const tookMs = performance.now() - begunMs;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { times, tookMs, cpuShare: (user + system) / 1_000 / tookMs };
}

function report(name: string, { times, tookMs, cpuShare }: Run): void {
  const rate = (times.length / tookMs) * 1_000;
  process.stdout.write(
    `${name}: ${rate.toFixed(0)} turns/s, median ${median(times).toFixed(2)} ms, 95 % ${quantile(times, 0.95).toFixed(2)} ms, ` +
      `${(cpuShare * 100).toFixed(0)} % of a core, ${(rate / cpuShare).toFixed(0)} turns/s a whole core of the server\n`,
  );
}

/** Further keys, and rows of other organizations on the ledger. */
async function fill(keys: number, rows: number): Promise<void> {
  const run = (statement: ReturnType<typeof sql>) =>
    storage.run({ operation: "fill", repeatable: false }, (database) => database.execute(statement));
  await run(sql`
    insert into api_keys (id, organization_id, workspace_id, name, secret_hmac, partial_hint, status, created_at)
    select 'apikey_fill_' || n, ${platform.organizationId}, ${platform.workspaceId}, 'fill', 'fill' || n, 'fill', 'active', now()
    from generate_series(1, ${keys}::integer) n`);
  const STEP = 100_000;
  for (let done = 0; done < rows; done += STEP) {
    await run(sql`
      with made as (
        select 'req_fill_' || n as request_id, now() - n % 1728000 * interval '1 second' as started_at
        from generate_series(${done + 1}::integer, ${Math.min(rows, done + STEP)}::integer) n
      ), ids as (insert into turn_requests select request_id, started_at from made)
      insert into turn_records (request_id, organization_id, workspace_id, api_key_id, message_id, model, weights, input_tokens,
        cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, thinking_tokens, stop_reason, service_tier,
        render_ms, queue_ms, restore_ms, prefill_ms, decode_ms, started_at, inference_geo, context_window, product, web_searches,
        price_reference, cost_nano_usd, input_nano_usd, cache_read_nano_usd, cache_write_5m_nano_usd, cache_write_1h_nano_usd,
        output_nano_usd, web_search_nano_usd, is_charged)
      select request_id, 'org_fill', 'wrkspc_fill', 'apikey_fill', 'msg', 'm', 'w', 1, 1, 1, 1, 1, 0, 'end_turn', 'standard',
        0, 0, 0, 0, 0, started_at, 'global', '0-200k', 'messages_api', 0, 'p', 0, 0, 0, 0, 0, 0, 0, false
      from made`);
  }
}
