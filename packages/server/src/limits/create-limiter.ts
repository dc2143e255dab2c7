import type { Principal } from "../auth/principal.ts";
import type { Clock } from "../platform/clock.ts";
import { fail, type Failure } from "../platform/fail.ts";
import type { Usage } from "../turn/turn-event.ts";
import type { BucketDemand, BucketStore } from "./bucket-store.ts";
import type { Estimate, Limiter, Reservation } from "./limiter.ts";
import { limitsFor, type LimitsConfig, type ModelClassLimits } from "./limits-config.ts";
import { toRateLimitHeaders } from "./rate-limit-headers.ts";
import type { BucketReading } from "./token-bucket.ts";

export interface LimiterDeps {
  readonly store: BucketStore;
  readonly config: LimitsConfig;
  readonly clock: Clock;
}

/** The bucket of replies that concern no model; nothing is ever taken from it. */
const NO_CLASS = "none";

/** The order of the demands of one reservation. */
const KINDS = ["requests", "inputTokens", "outputTokens", "totalTokens"] as const;
type Kind = (typeof KINDS)[number];

const UNIT_NAMES: Readonly<Record<Kind, string>> = {
  requests: "requests",
  inputTokens: "input tokens",
  outputTokens: "output tokens",
  totalTokens: "tokens",
};

/** Reserves requests and tokens per organization and class of model before a turn; the turn settles what it used. */
export function createLimiter({ store, config, clock }: LimiterDeps): Limiter {
  return {
    async headers(principal, modelClass) {
      const estimate = { modelClass: modelClass ?? NO_CLASS, inputTokens: 0, outputTokens: 0 };
      const demands = demandsFor(principal, estimate, limitsFor(config, estimate.modelClass), NOTHING);
      // Nothing is ever taken from the buckets of no class: they need not be asked for.
      const readings = modelClass === null ? demands.map(fullReading) : await store.read(demands);
      return headersFrom(readings, clock.nowMs());
    },
    async reserve(principal, estimate) {
      const limits = limitsFor(config, estimate.modelClass);
      const held = demandsFor(principal, estimate, limits, {
        requests: 1,
        inputTokens: estimate.inputTokens,
        outputTokens: estimate.outputTokens,
      });
      const outcome = await store.take(held);
      const headers = headersFrom(outcome.readings, clock.nowMs());
      if (!outcome.taken) throw refusal(estimate, held[outcome.refusedIndex], outcome.refusedIndex, outcome.waitMs, headers);
      return createReservation(headers, async (used) => {
        const actual = demandsFor(principal, estimate, limits, used);
        await store.settle(actual.map((demand, index) => ({ ...demand, tokens: demand.tokens - (held[index]?.tokens ?? 0) })));
      });
    },
  };
}

interface Used {
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

const NOTHING: Used = { requests: 0, inputTokens: 0, outputTokens: 0 };

function createReservation(headers: Readonly<Record<string, string>>, correct: (used: Used) => Promise<void>): Reservation {
  let open = true;
  /** The first of settle and disposal counts. */
  const close = async (used: Used) => {
    if (!open) return;
    open = false;
    await correct(used);
  };
  return {
    headers: () => headers,
    settle: (usage) => close(usedBy(usage)),
    [Symbol.asyncDispose]: () => close(NOTHING),
  };
}

/** Input that was read from the cache is free of limits; input written to it is not. Source: surface.md E. */
function usedBy(usage: Usage): Used {
  return {
    requests: 1,
    inputTokens: usage.inputTokens + usage.cacheWrite5mTokens + usage.cacheWrite1hTokens,
    outputTokens: usage.outputTokens,
  };
}

function demandsFor(principal: Principal, estimate: Estimate, limits: ModelClassLimits, used: Used): BucketDemand[] {
  const amounts = { ...used, totalTokens: used.inputTokens + used.outputTokens };
  return KINDS.flatMap((kind) => {
    const limitPerMinute = limits[kind];
    if (limitPerMinute === undefined) return [];
    return [{ key: `${principal.organizationId}:${estimate.modelClass}:${kind}`, limitPerMinute, tokens: amounts[kind] }];
  });
}

const fullReading = ({ limitPerMinute }: BucketDemand): BucketReading => ({
  limitPerMinute,
  remaining: limitPerMinute,
  fullInMs: 0,
});

function headersFrom(readings: readonly BucketReading[], nowMs: number): Readonly<Record<string, string>> {
  const [requests, inputTokens, outputTokens, totalTokens] = readings;
  if (!requests || !inputTokens || !outputTokens) {
    throw fail("api_error", { public: "Internal server error", internal: "the bucket store returned too few readings" });
  }
  return toRateLimitHeaders({ requests, inputTokens, outputTokens, totalTokens: totalTokens ?? null }, nowMs);
}

function refusal(
  estimate: Estimate,
  demand: BucketDemand | undefined,
  index: number,
  waitMs: number,
  headers: Readonly<Record<string, string>>,
): Failure {
  const limit = new Intl.NumberFormat("en-US").format(demand?.limitPerMinute ?? 0);
  return fail("rate_limit_error", {
    public:
      `This request would exceed your organization's rate limit of ${limit} ${UNIT_NAMES[KINDS[index] ?? "requests"]} per minute ` +
      `for ${estimate.modelClass} models. Please reduce the prompt length or the maximum tokens requested, or try again later.`,
    internal: `bucket ${demand?.key ?? "unknown"} waits ${waitMs} ms`,
    retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1_000)),
    headers,
  });
}
