import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuthenticator } from "../../packages/server/src/auth/create-authenticator.ts";
import { createScriptedEngine, HELLO } from "../../packages/server/src/doors/testing/scripted-engine.ts";
import { createLedger } from "../../packages/server/src/ledger/create-ledger.ts";
import { createLimiter } from "../../packages/server/src/limits/create-limiter.ts";
import { createLimitPolicy } from "../../packages/server/src/limits/limit-policy.ts";
import { createMemoryBucketStore } from "../../packages/server/src/limits/memory-bucket-store.ts";
import { createChargingBiller } from "../../packages/server/src/money/create-charging-biller.ts";
import { createRecordingBiller } from "../../packages/server/src/money/create-recording-biller.ts";
import { createPriceBook } from "../../packages/server/src/money/price-book.ts";
import { systemClock } from "../../packages/server/src/platform/clock.ts";
import { newId } from "../../packages/server/src/platform/ids.ts";
import { createLog, jsonLines } from "../../packages/server/src/platform/log.ts";
import { silentLog } from "../../packages/server/src/storage/testing/test-storage.ts";
import { type Platform, startPlatform } from "../../packages/server/test/support/start-platform.ts";

/** A platform under measurement, on a database of its own. */
export interface Subject extends AsyncDisposable {
  readonly platform: Platform;
  readonly url: string;
  /** A file with the keys that a client uses in turn: the platform's first one alone, unless others are put there. */
  readonly keysFile: string;
  /** The steps of `runTurn` without an engine: key, limits, the hold on the cost, the ledger's row with its sums and charge. */
  turn(): Promise<void>;
}

const USAGE = {
  inputTokens: 11,
  cacheReadTokens: 7,
  cacheWrite5mTokens: 3,
  cacheWrite1hTokens: 2,
  outputTokens: 5,
  thinkingTokens: 0,
};
const TIMINGS = { renderMs: 0, queueMs: 0, restoreMs: 0, prefillMs: 0, decodeMs: 0 };
const PLENTY = 10_000_000_000;
const PLENTY_NANO_USD = 1_000_000_000_000_000n;

export async function openSubject({ isCharging }: { readonly isCharging: boolean }): Promise<Subject> {
  await using opened = new AsyncDisposableStack();
  const platform = opened.use(await startPlatform());
  const { storage } = platform;
  const folder = await mkdtemp(join(tmpdir(), "parley-bench-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const keysFile = join(folder, "keys.json");
  await writeFile(keysFile, JSON.stringify([platform.apiKey]));
  const ledger = opened.use(await createLedger({ storage, spoolDir: join(folder, "spool"), log: silentLog }));
  const prices = createPriceBook();
  const clock = systemClock;
  const biller = isCharging
    ? createChargingBiller({
        storage,
        prices,
        clock,
        log: silentLog,
        isPrepaid: true,
        signupNanoUsd: PLENTY_NANO_USD,
        capNanoUsd: PLENTY_NANO_USD,
      })
    : createRecordingBiller({ prices });
  const authenticator = opened.use(createAuthenticator(platform.keys));
  const limits = { requests: PLENTY, inputTokens: PLENTY, outputTokens: PLENTY };
  const defaults = { tier: null, default: limits, modelClasses: {}, countTokensRequestsPerMinute: PLENTY };
  const limiter = createLimiter({
    store: createMemoryBucketStore({ clock }),
    policy: createLimitPolicy({ storage, clock, tiers: [], defaults }),
    clock,
  });
  // As it is by default: a line a request.
  const log = createLog({ level: "info", destination: jsonLines("/dev/null") });
  // Unlike the tests' own it keeps nothing of the turns that it has seen.
  const engine = {
    ...createScriptedEngine(),
    async *run() {
      yield* HELLO;
    },
  };
  const node = opened.use(await platform.startNode({ authenticator, limiter, biller, ledger, log, engine }));
  const kept = opened.move();

  async function turn(): Promise<void> {
    const requestId = newId("req");
    const principal = await authenticator.authenticate(platform.apiKey);
    const model = { id: "claude-haiku-4-5-20251001", weights: "tiny" };
    const startedAtMs = clock.nowMs();
    const estimate = { inputTokens: 100, outputTokens: 100 };
    const [serviceTier, inferenceGeo] = ["standard", "global"] as const;
    await using reservation = await limiter.reserve(principal, { modelClass: "haiku", ...estimate });
    await using charge = await biller.hold(principal, { requestId, model, serviceTier, inferenceGeo, startedAtMs, ...estimate });
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
      serviceTier,
      inferenceGeo,
      product: "messages_api",
      sessionId: null,
      bill: charge.bill(USAGE),
      timings: TIMINGS,
      startedAtMs,
    });
    charge.settled();
    await reservation.settle(USAGE);
  }

  return { platform, url: node.url, keysFile, turn, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
