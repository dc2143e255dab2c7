import type { Principal } from "../../auth/principal.ts";
import type { Admission, Ledger, Product } from "../../ledger/ledger.ts";
import type { Biller, Charge } from "../../money/biller.ts";
import type { Limiter, Reservation } from "../../limits/limiter.ts";
import type { ResolvedModel } from "../../models/model-registry.ts";
import { CLIENT_CLOSED } from "../../platform/client-closed.ts";
import type { Clock } from "../../platform/clock.ts";
import { Failure } from "../../platform/fail.ts";
import type { Log } from "../../platform/log.ts";
import type { Metrics } from "../../platform/metrics.ts";
import type { Tracing, TurnSpan } from "../../platform/tracing.ts";
import { NOTHING_USED } from "../../turn/add-usage.ts";
import type { Engine } from "../../turn/engine.ts";
import type { CacheMissReason, Timings, TurnEvent, Usage } from "../../turn/turn-event.ts";
import type { Turn } from "../../turn/turn.ts";
import { SUMMARY_MAX_TOKENS } from "../../compaction/summary-request.ts";
import { mostWebSearches } from "../../tools/most-web-searches.ts";
import { Abandoned } from "./broadcast.ts";

export interface RunTurnDeps {
  readonly engine: Engine;
  readonly limiter: Limiter;
  readonly biller: Biller;
  readonly ledger: Pick<Ledger, "record">;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly tracing: Tracing;
}

export interface TurnJob {
  readonly principal: Principal;
  readonly model: ResolvedModel;
  /** The model id as the client wrote it. */
  readonly requestedModel: string;
  readonly turn: Turn;
  readonly serviceTier: "standard" | "batch";
  /** `service_tier: auto`: the organization's committed capacity is drawn on first. */
  readonly mayUsePriority?: boolean;
  /** As the reply's usage tells it. */
  readonly inferenceGeo: string;
  readonly product: Product;
  /** Whether a turn that fails is billed for what it had used. */
  readonly isFailureBilled: boolean;
  /** About the size of the prompt, from which the tokens to reserve are guessed. */
  readonly promptBytes: number;
  /** Monotonic milliseconds. */
  readonly arrivedAtMs: number;
  /** What it took to see who asks; null where no request asked for this turn. */
  readonly authMs: number | null;
  readonly traceparent: string | undefined;
}

/** Tokens are rarely shorter: a guess that is seldom too low, and the settlement corrects it. */
const BYTES_PER_TOKEN = 3;

export interface TurnObserver {
  /** The limits have let the turn through; `limitsMs` is what that took. */
  onReserved(reservation: Reservation, limitsMs: number): void;
  /** The turn is traced, by this span. */
  onTraced(traceparent: string): void;
}

/**
 * Runs one turn the way every turn is run: reserve, decode, record, settle. The end event is yielded after the ledger has
 * the turn. A turn that fails or is abandoned once it has begun is recorded with what it had used, where that is billed.
 */
export async function* runTurn(
  deps: RunTurnDeps,
  job: TurnJob,
  observer: TurnObserver,
  signal: AbortSignal,
): AsyncGenerator<TurnEvent, void, void> {
  const { clock, metrics, limiter } = deps;
  const startedAtMs = clock.nowMs();
  const begunAtMs = clock.monotonicMs();
  const mayUsePriority = job.mayUsePriority ?? false;
  const estimate = estimateTokens(job);
  await using reservation = await limiter.reserve(job.principal, {
    modelClass: job.model.modelClass,
    mayUsePriority,
    ...estimate,
  });
  const serviceTier = job.serviceTier === "batch" ? "batch" : reservation.serviceTier;
  await using charge = await deps.biller.hold(job.principal, {
    requestId: job.turn.requestId,
    model: job.model,
    serviceTier,
    inferenceGeo: job.inferenceGeo,
    startedAtMs,
    webSearches: mostWebSearches(job.turn),
    ...estimate,
  });
  const limitsMs = clock.monotonicMs() - begunAtMs;
  observer.onReserved(reservation, limitsMs);
  const admission =
    job.authMs === null ? null : { authMs: job.authMs, readMs: begunAtMs - job.arrivedAtMs - job.authMs, limitsMs };
  const account = createAccount(deps, job, { charge, serviceTier, startedAtMs, admission });
  if (account.trace.traceparent !== undefined) observer.onTraced(account.trace.traceparent);
  metrics.turnStarted();
  try {
    for await (const event of deps.engine.run({ ...job.turn, ...account.trace, priority: serviceTier }, signal)) {
      if (event.type === "step" && event.spent && !(await charge.extend(event.usage, leftOf(job.turn, event.usage)))) {
        // Its next step would go beyond the money. Sent again, the reply is told by which limit.
        const end = account.paused(event.spent);
        await account.complete(end);
        await reservation.settle(end.usage);
        yield end;
        return;
      }
      account.see(event);
      if (event.type === "end") {
        await account.complete(event);
        await reservation.settle(event.usage);
      }
      yield event;
    }
    // An engine that was told to stop may end without a word.
    signal.throwIfAborted();
  } catch (error) {
    await account.fail(error, reservation);
    throw error;
  }
}

function estimateTokens({ turn, promptBytes }: TurnJob): { readonly inputTokens: number; readonly outputTokens: number } {
  const inputTokens = Math.ceil(promptBytes / BYTES_PER_TOKEN);
  // A conversation that is summarized first is read for it as well.
  return turn.compaction?.when === "over-trigger"
    ? { inputTokens: inputTokens * 2, outputTokens: turn.maxTokens + SUMMARY_MAX_TOKENS }
    : { inputTokens, outputTokens: turn.maxTokens };
}

/** What a turn may still use after so much. */
function leftOf(turn: Turn, { outputTokens, serverToolUse }: Usage): { outputTokens: number; webSearches: number } {
  return {
    outputTokens: Math.max(0, turn.maxTokens - outputTokens),
    webSearches: Math.max(0, mostWebSearches(turn) - (serverToolUse?.webSearchRequests ?? 0)),
  };
}

/** Follows one turn's usage and writes its row, exactly once. */
function createAccount(
  { ledger, clock, metrics, tracing, log }: RunTurnDeps,
  job: TurnJob,
  {
    charge,
    serviceTier,
    startedAtMs,
    admission,
  }: { charge: Charge; serviceTier: Turn["priority"]; startedAtMs: number; admission: Admission | null },
) {
  const { turn, model, principal } = job;
  const span: TurnSpan = tracing.startTurn({
    requestId: turn.requestId,
    messageId: turn.messageId,
    requestedModel: job.requestedModel,
    model: model.id,
    weights: model.weights,
    maxTokens: turn.maxTokens,
    traceparent: job.traceparent,
  });
  const { traceparent } = span;
  const traced = { requestId: turn.requestId, traceparent };
  let used: Usage | null = null;
  let { messageId } = turn;
  /** Monotonic milliseconds. */
  let startedMs: number | null = null;
  let firstBlockMs: number | null = null;
  let isWritten = false;
  const begunAtMs = clock.monotonicMs();

  function see(event: TurnEvent): void {
    if (event.type === "start") {
      messageId = event.messageId ?? messageId;
      used = event.usage;
      startedMs = clock.monotonicMs();
    } else if (event.type === "step") {
      used = event.usage;
    } else if (event.type === "tools-used" && used) {
      used = { ...used, serverToolUse: event.serverToolUse };
    } else {
      // What an upstream sent together may hold both.
      if (firstBlockMs === null && isBlockStart(event)) {
        firstBlockMs = clock.monotonicMs();
        span.firstBlock();
        metrics.firstEvent(model.modelClass, firstBlockMs - job.arrivedAtMs, traced);
      }
      if (used && isDelta(event)) {
        // Without the engine's own count a delta is one token at least.
        const outputTokens = event.outputTokens ?? used.outputTokens + 1;
        const isThinking = event.type === "thinking-delta";
        const thinkingTokens = used.thinkingTokens + (isThinking ? outputTokens - used.outputTokens : 0);
        used = { ...used, outputTokens, thinkingTokens };
      }
    }
  }

  function count(outcome: string, { usage, timings }: { usage: Usage; timings: Timings }, nanoUsd: bigint): void {
    const { modelClass, weights } = model;
    metrics.turnEnded({ tenant: principal, modelClass, weights, outcome, usage, timings, nanoUsd }, traced);
  }

  async function write(row: {
    usage: Usage;
    stopReason: string | null;
    outcome: string | null;
    timings: Timings;
    cacheMissReason: CacheMissReason | null;
  }): Promise<void> {
    isWritten = true;
    const bill = charge.bill(row.usage);
    count(row.outcome ?? "completed", row, bill.cost.total);
    await ledger.record({
      requestId: turn.requestId,
      organizationId: principal.organizationId,
      workspaceId: principal.workspaceId,
      apiKeyId: principal.apiKeyId,
      userId: principal.userId ?? null,
      messageId,
      model: model.id,
      weights: model.weights,
      serviceTier,
      inferenceGeo: job.inferenceGeo,
      product: job.product,
      sessionId: turn.affinity.sessionId,
      bill,
      startedAtMs,
      ...(admission ? { admission } : {}),
      ...row,
    });
    charge.settled();
  }

  async function complete(end: Extract<TurnEvent, { type: "end" }>): Promise<void> {
    span.end(end);
    const { usage, stopReason, timings, cacheMissReason } = end;
    await write({ usage, stopReason, outcome: null, timings, cacheMissReason });
  }

  /** The end of a turn that does not go on after a call that the server answered. */
  function paused(usage: Usage): Extract<TurnEvent, { type: "end" }> {
    return {
      type: "end",
      stopReason: "pause_turn",
      stopSequence: null,
      refusal: null,
      usage,
      timings: timingsSeen(begunAtMs, startedMs, firstBlockMs, clock.monotonicMs()),
      cacheMissReason: null,
    };
  }

  async function fail(error: unknown, reservation: Reservation): Promise<void> {
    if (isWritten) return;
    const outcome = error instanceof Abandoned ? CLIENT_CLOSED : error instanceof Failure ? error.type : "api_error";
    const usage = used ?? NOTHING_USED;
    span.fail(outcome, usage);
    const timings = timingsSeen(begunAtMs, startedMs, firstBlockMs, clock.monotonicMs());
    if (used === null || !job.isFailureBilled) {
      // Mostly refused before anything was computed: there is nothing to account, and what is held is given back.
      count(outcome, { usage, timings }, 0n);
      return;
    }
    try {
      await write({ usage, stopReason: null, outcome, timings, cacheMissReason: null });
      await reservation.settle(usage);
    } catch (cause) {
      log.error({ err: cause, requestId: turn.requestId, usage }, "a failed turn could not be recorded");
    }
  }

  return { see, complete, paused, fail, trace: traceparent === undefined ? {} : { traceparent } };
}

/**
 * The times of a turn that cannot tell its own, from when its events came: to the start, to the first block, to the end.
 * What it waited and what it restored count as prefill.
 */
function timingsSeen(begunMs: number, startedMs: number | null, firstBlockMs: number | null, endedMs: number): Timings {
  const renderMs = (startedMs ?? endedMs) - begunMs;
  const prefillMs = startedMs === null ? 0 : (firstBlockMs ?? endedMs) - startedMs;
  const decodeMs = firstBlockMs === null ? 0 : endedMs - firstBlockMs;
  return { renderMs, queueMs: 0, restoreMs: 0, prefillMs, decodeMs };
}

function isBlockStart(event: TurnEvent): boolean {
  return (
    event.type === "block-start" || (event.type === "wire" && event.events.some(({ name }) => name === "content_block_start"))
  );
}

function isDelta(event: TurnEvent): event is Extract<TurnEvent, { outputTokens?: number }> {
  if (event.type === "wire") return event.outputTokens !== undefined;
  return event.type === "text-delta" || event.type === "thinking-delta" || event.type === "input-json-delta";
}
