import type { Principal } from "../auth/principal.ts";
import type { Clock } from "../platform/clock.ts";
import { fail, type Failure } from "../platform/fail.ts";
import type { Usage } from "../turn/turn-event.ts";
import type { BucketDemand, BucketStore } from "./bucket-store.ts";
import type { LimitKind } from "./limit-kinds.ts";
import type { LimitPolicy, LimitsInForce } from "./limit-policy.ts";
import type { Limiter, Reservation } from "./limiter.ts";
import { limitsFor, type WorkspaceLimits } from "./limits-config.ts";
import { drawOnPriority } from "./priority-tier.ts";
import { toRateLimitHeaders } from "./rate-limit-headers.ts";
import { toBucketKey } from "./to-bucket-key.ts";
import type { BucketReading } from "./token-bucket.ts";

export interface LimiterDeps {
  readonly store: BucketStore;
  readonly policy: Pick<LimitPolicy, "limitsOf">;
  readonly clock: Clock;
}

/** The bucket of replies that concern no model; nothing is ever taken from it. */
const NO_CLASS = "none";
const TOKEN_COUNT = "token_count";
/** The bucket of all models together in which a rise of use is seen. */
const ACCELERATION = "acceleration";

const KINDS: readonly LimitKind[] = ["requests", "inputTokens", "allInputTokens", "outputTokens", "totalTokens"];

const UNIT_NAMES: Readonly<Record<LimitKind, string>> = {
  requests: "requests",
  inputTokens: "input tokens",
  allInputTokens: "input tokens",
  outputTokens: "output tokens",
  totalTokens: "tokens",
};

/** One limit that a turn is held against. */
interface Limit {
  readonly owner: "organization" | "workspace";
  readonly kind: LimitKind;
  readonly key: string;
  readonly limitPerMinute: number;
  /** On the rise of use: it is told in its refusal only. */
  readonly isAcceleration?: true;
}

/**
 * Reserves requests and tokens before a turn, of the organization and of the workspace where it has limits of its own; the
 * turn settles what it used.
 */
export function createLimiter({ store, policy, clock }: LimiterDeps): Limiter {
  async function take(limits: readonly Limit[], used: Used, what: string) {
    const closed = limits.find((limit) => limit.limitPerMinute === 0);
    // An override of 0 holds nothing and refills nothing: no store is asked, and waiting a minute will not help.
    if (closed) throw refusal(closed, what, CLOSED_RETRY_MS, await readHeaders(limits));
    const demands = limits.map((limit) => toDemand(limit, used));
    const outcome = await store.take(demands);
    const headers = headersFrom(limits, outcome.readings, clock.nowMs());
    const refused = outcome.taken ? null : limits[outcome.refusedIndex];
    if (!outcome.taken && refused) throw refusal(refused, what, outcome.waitMs, headers);
    return { demands, headers };
  }

  async function readHeaders(limits: readonly Limit[]): Promise<Readonly<Record<string, string>>> {
    const open = limits.filter((limit) => limit.limitPerMinute > 0);
    const readings = new Map(
      (await store.read(open.map((limit) => toDemand(limit, NOTHING)))).map((reading, index) => [open[index]?.key, reading]),
    );
    const all = limits.map((limit) => readings.get(limit.key) ?? { limitPerMinute: 0, remaining: 0, fullInMs: CLOSED_RETRY_MS });
    return headersFrom(limits, all, clock.nowMs());
  }

  return {
    async headers(principal, modelClass) {
      const limits = limitsOn(await policy.limitsOf(principal), principal, modelClass ?? NO_CLASS);
      if (modelClass !== null) return readHeaders(limits);
      // Nothing is ever taken from the buckets of no class: they need not be asked for.
      return headersFrom(limits, limits.map(fullReading), clock.nowMs());
    },
    async reserve(principal, { modelClass, inputTokens, outputTokens, mayUsePriority = false }) {
      const inForce = await policy.limitsOf(principal);
      const limits = limitsOn(inForce, principal, modelClass);
      const held = { requests: 1, inputTokens, allInputTokens: inputTokens, outputTokens };
      const { demands, headers } = await take(limits, held, `${modelClass} models`);
      const commitment = Object.hasOwn(inForce.priority, modelClass) ? inForce.priority[modelClass] : undefined;
      /** Null: nothing was used. */
      const correct = (usage: Usage | null): Promise<void> => {
        const used = usage === null ? NOTHING : usedBy(usage);
        return store.settle(
          limits.map((limit, index) => {
            const demand = toDemand(limit, used);
            return { ...demand, tokens: demand.tokens - (demands[index]?.tokens ?? 0) };
          }),
        );
      };
      const { organizationId } = principal;
      const asked = { organizationId, modelClass, inputTokens, outputTokens, nowMs: clock.nowMs() };
      const draw =
        mayUsePriority && commitment
          ? await drawOnPriority(store, { ...asked, commitment }).catch(async (error: unknown) => {
              await correct(null);
              throw error;
            })
          : null;
      return createReservation({
        headers: { ...headers, ...draw?.headers },
        serviceTier: draw?.isTaken ? "priority" : "standard",
        async correct(usage) {
          await correct(usage);
          await draw?.settle(usage);
        },
      });
    },
    async countTokens(principal) {
      const { organization, workspace } = await policy.limitsOf(principal);
      const limits: Limit[] = [
        limitOf("organization", principal, TOKEN_COUNT, "requests", organization.countTokensRequestsPerMinute),
        ...workspaceLimits(workspace[TOKEN_COUNT], principal, TOKEN_COUNT),
      ];
      await take(limits, { ...NOTHING, requests: 1 }, "token counting");
    },
  };
}

const CLOSED_RETRY_MS = 60_000;

interface Used {
  readonly requests: number;
  readonly inputTokens: number;
  readonly allInputTokens: number;
  readonly outputTokens: number;
}

const NOTHING: Used = { requests: 0, inputTokens: 0, allInputTokens: 0, outputTokens: 0 };

function createReservation(options: {
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceTier: Reservation["serviceTier"];
  /** Null: nothing was used. */
  correct(usage: Usage | null): Promise<void>;
}): Reservation {
  let open = true;
  /** The first of settle and disposal counts. */
  const close = async (usage: Usage | null) => {
    if (!open) return;
    open = false;
    await options.correct(usage);
  };
  return {
    headers: () => options.headers,
    serviceTier: options.serviceTier,
    settle: (usage) => close(usage),
    [Symbol.asyncDispose]: () => close(null),
  };
}

/** Input that was read from the cache is free of limits; input written to it is not. Source: surface.md E. */
function usedBy(usage: Usage): Used {
  const inputTokens = usage.inputTokens + usage.cacheWrite5mTokens + usage.cacheWrite1hTokens;
  const { outputTokens } = usage;
  return { requests: 1, inputTokens, allInputTokens: inputTokens + usage.cacheReadTokens, outputTokens };
}

/** Every limit that holds for a class of model. */
function limitsOn(inForce: LimitsInForce, principal: Principal, modelClass: string): Limit[] {
  const { organization, workspace, accelerationTokens } = inForce;
  const own = limitsFor(organization, modelClass);
  return [
    ...KINDS.flatMap((kind) => {
      const limit = kind === "allInputTokens" ? undefined : own[kind];
      return limit === undefined ? [] : [limitOf("organization", principal, modelClass, kind, limit)];
    }),
    ...workspaceLimits(Object.hasOwn(workspace, modelClass) ? workspace[modelClass] : undefined, principal, modelClass),
    ...(accelerationTokens === undefined
      ? []
      : [
          {
            ...limitOf("organization", principal, ACCELERATION, "inputTokens", accelerationTokens),
            isAcceleration: true as const,
          },
        ]),
  ];
}

function workspaceLimits(overrides: WorkspaceLimits | undefined, principal: Principal, group: string): Limit[] {
  return KINDS.flatMap((kind) => {
    const limit = overrides?.[kind];
    return limit === undefined ? [] : [limitOf("workspace", principal, group, kind, limit)];
  });
}

function limitOf(
  owner: Limit["owner"],
  { organizationId, workspaceId }: Principal,
  group: string,
  kind: LimitKind,
  limitPerMinute: number,
): Limit {
  return { owner, kind, key: toBucketKey(owner === "workspace" ? workspaceId : organizationId, group, kind), limitPerMinute };
}

function toDemand({ key, kind, limitPerMinute }: Limit, used: Used): BucketDemand {
  return { key, limitPerMinute, tokens: kind === "totalTokens" ? used.inputTokens + used.outputTokens : used[kind] };
}

const fullReading = ({ limitPerMinute }: Limit): BucketReading => ({
  limitPerMinute,
  remaining: limitPerMinute,
  fullInMs: 0,
});

function headersFrom(
  limits: readonly Limit[],
  readings: readonly BucketReading[],
  nowMs: number,
): Readonly<Record<string, string>> {
  /** The tighter of the organization's and the workspace's. */
  const tightest = (...kinds: readonly LimitKind[]): BucketReading | null =>
    limits.reduce<BucketReading | null>((found, limit, index) => {
      const reading = readings[index];
      if (!reading || limit.isAcceleration || !kinds.includes(limit.kind)) return found;
      return found === null || reading.remaining < found.remaining ? reading : found;
    }, null);
  const requests = tightest("requests");
  const inputTokens = tightest("inputTokens", "allInputTokens");
  const outputTokens = tightest("outputTokens");
  // The buckets of a request that is no turn are told only in its refusal.
  if (!requests || !inputTokens || !outputTokens) return {};
  return toRateLimitHeaders({ requests, inputTokens, outputTokens, totalTokens: tightest("totalTokens") }, nowMs);
}

function refusal(limit: Limit, what: string, waitMs: number, headers: Readonly<Record<string, string>>): Failure {
  const shown = new Intl.NumberFormat("en-US").format(limit.limitPerMinute);
  return fail("rate_limit_error", {
    public: limit.isAcceleration
      ? "This request would exceed your organization's maximum usage increase rate for input tokens per minute. " +
        "Please scale up your input tokens usage more gradually to maintain consistency."
      : `This request would exceed your ${limit.owner}'s rate limit of ${shown} ${UNIT_NAMES[limit.kind]} per minute ` +
        `for ${what}. Please reduce the prompt length or the maximum tokens requested, or try again later.`,
    internal: `bucket ${limit.key} waits ${waitMs} ms`,
    retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1_000)),
    headers,
  });
}
