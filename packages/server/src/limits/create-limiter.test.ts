import { expect, test } from "vitest";
import type { Principal } from "../auth/principal.ts";
import type { Clock } from "../platform/clock.ts";
import { Failure } from "../platform/fail.ts";
import { NOTHING_USED } from "../turn/add-usage.ts";
import type { Usage } from "../turn/turn-event.ts";
import { createLimiter } from "./create-limiter.ts";
import { DEFAULT_LIMITS, ModelClassLimits, type PriorityCommitment, type WorkspaceLimits } from "./limits-config.ts";
import { createMemoryBucketStore } from "./memory-bucket-store.ts";

const principal: Principal = { organizationId: "org-a", workspaceId: "wrkspc_1", apiKeyId: "apikey_1" };
const START_MS = Date.UTC(2026, 10, 21, 12, 0, 0);

function createSetup(
  limits: ModelClassLimits,
  workspace: Readonly<Record<string, WorkspaceLimits>> = {},
  priority: Readonly<Record<string, PriorityCommitment>> = {},
  accelerationTokens?: number,
) {
  let elapsedMs = 0;
  const clock: Clock = { nowMs: () => START_MS + elapsedMs, monotonicMs: () => 5_000.25 + elapsedMs };
  const limiter = createLimiter({
    store: createMemoryBucketStore({ clock }),
    policy: {
      limitsOf: async ({ workspaceId }) => ({
        organization: { tier: null, default: limits, modelClasses: {}, countTokensRequestsPerMinute: 2 },
        workspace: workspaceId === principal.workspaceId ? workspace : {},
        priority,
        ...(accelerationTokens === undefined ? {} : { accelerationTokens }),
      }),
    },
    clock,
  });
  return {
    limiter,
    advance: (ms: number) => {
      elapsedMs += ms;
    },
  };
}

const usage = (part: Partial<Usage>): Usage => ({ ...NOTHING_USED, ...part });
const limits: ModelClassLimits = { requests: 60, inputTokens: 100_000, outputTokens: 20_000 };
const haiku = { modelClass: "haiku", inputTokens: 10_000, outputTokens: 4_000 };

test("a turn whose draw on priority fails has taken nothing", async () => {
  const clock: Clock = { nowMs: () => START_MS, monotonicMs: () => 0 };
  const memory = createMemoryBucketStore({ clock });
  const limiter = createLimiter({
    store: {
      ...memory,
      take: (demands) =>
        demands.some(({ key }) => key.includes("priority")) ? Promise.reject(new Error("away")) : memory.take(demands),
    },
    policy: {
      limitsOf: async () => ({
        organization: { tier: null, default: limits, modelClasses: {}, countTokensRequestsPerMinute: 2 },
        workspace: {},
        priority: { haiku: { inputTokens: 12_000, outputTokens: 5_000 } },
      }),
    },
    clock,
  });
  await expect(limiter.reserve(principal, { ...haiku, mayUsePriority: true })).rejects.toThrow("away");
  expect(await limiter.headers(principal, "haiku")).toMatchObject({
    "anthropic-ratelimit-requests-remaining": "60",
    "anthropic-ratelimit-input-tokens-remaining": "100000",
    "anthropic-ratelimit-output-tokens-remaining": "20000",
  });
});

test("the headers can be read without taking anything, in debt too", async () => {
  const { limiter } = createSetup(limits);
  const hold = await limiter.reserve(principal, { modelClass: "haiku", inputTokens: 100_000, outputTokens: 0 });
  await hold.settle(usage({ inputTokens: 150_000 }));
  for (let reading = 0; reading < 3; reading += 1) {
    expect(await limiter.headers(principal, "haiku")).toMatchObject({
      "anthropic-ratelimit-requests-remaining": "59",
      "anthropic-ratelimit-input-tokens-remaining": "0",
    });
  }
  expect(await limiter.headers(principal, null)).toMatchObject({
    "anthropic-ratelimit-requests-remaining": "60",
    "anthropic-ratelimit-input-tokens-remaining": "100000",
  });
});

test("a reservation carries the whole header family, tokens rounded to the nearest thousand", async () => {
  const { limiter } = createSetup(limits);
  const hold = await limiter.reserve(principal, { modelClass: "haiku", inputTokens: 10_600, outputTokens: 4_400 });
  expect(hold.headers()).toEqual({
    "anthropic-ratelimit-requests-limit": "60",
    "anthropic-ratelimit-requests-remaining": "59",
    "anthropic-ratelimit-requests-reset": "2026-11-21T12:00:01Z",
    "anthropic-ratelimit-tokens-limit": "120000",
    "anthropic-ratelimit-tokens-remaining": "105000",
    "anthropic-ratelimit-tokens-reset": "2026-11-21T12:00:14Z",
    "anthropic-ratelimit-input-tokens-limit": "100000",
    "anthropic-ratelimit-input-tokens-remaining": "89000",
    "anthropic-ratelimit-input-tokens-reset": "2026-11-21T12:00:07Z",
    "anthropic-ratelimit-output-tokens-limit": "20000",
    "anthropic-ratelimit-output-tokens-remaining": "16000",
    "anthropic-ratelimit-output-tokens-reset": "2026-11-21T12:00:14Z",
  });
});

test("a limit on all tokens is what tokens-* shows when it is in force, and it refuses too", async () => {
  const { limiter } = createSetup({ ...limits, totalTokens: 15_000 });
  const hold = await limiter.reserve(principal, haiku);
  expect(hold.headers()).toMatchObject({
    "anthropic-ratelimit-tokens-limit": "15000",
    "anthropic-ratelimit-tokens-remaining": "1000",
  });
  await expect(limiter.reserve(principal, haiku)).rejects.toMatchObject({
    publicMessage: expect.stringContaining("15,000 tokens per minute") as string,
  });
});

test("over a limit: 429 with an exact retry-after and the headers, and nothing is charged", async () => {
  const { limiter, advance } = createSetup(limits);
  for (let index = 0; index < 5; index += 1) await limiter.reserve(principal, haiku);
  const refused = await limiter.reserve(principal, haiku).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(Failure);
  expect(refused).toMatchObject({
    type: "rate_limit_error",
    status: 429,
    publicMessage:
      "This request would exceed your organization's rate limit of 20,000 output tokens per minute for haiku models. " +
      "Please reduce the prompt length or the maximum tokens requested, or try again later.",
    // 4,000 tokens at 20,000 a minute.
    retryAfterSeconds: 12,
    headers: { "anthropic-ratelimit-output-tokens-remaining": "0", "anthropic-ratelimit-requests-remaining": "55" },
  });
  advance(12_000);
  const hold = await limiter.reserve(principal, haiku);
  // 5 taken before, 12 refilled (to the brim), 1 now: the refused one was not charged.
  expect(hold.headers()["anthropic-ratelimit-requests-remaining"]).toBe("59");
});

test("settling gives back what was not decoded and does not count what was read from the cache", async () => {
  const { limiter } = createSetup(limits);
  const hold = await limiter.reserve(principal, haiku);
  await hold.settle(
    usage({ inputTokens: 500, cacheReadTokens: 9_000, cacheWrite5mTokens: 300, cacheWrite1hTokens: 200, outputTokens: 1_000 }),
  );
  const next = await limiter.reserve(principal, { modelClass: "haiku", inputTokens: 0, outputTokens: 0 });
  expect(next.headers()).toMatchObject({
    "anthropic-ratelimit-input-tokens-remaining": "99000",
    "anthropic-ratelimit-output-tokens-remaining": "19000",
    "anthropic-ratelimit-requests-remaining": "58",
  });
});

test("a turn that used more than it reserved leaves a debt that the next one waits for", async () => {
  const { limiter } = createSetup(limits);
  const hold = await limiter.reserve(principal, { modelClass: "haiku", inputTokens: 0, outputTokens: 1_000 });
  await hold.settle(usage({ outputTokens: 30_000 }));
  await expect(limiter.reserve(principal, { modelClass: "haiku", inputTokens: 0, outputTokens: 2_000 })).rejects.toMatchObject({
    retryAfterSeconds: 36,
  });
});

test("disposal releases what was not settled, once, and nothing after a settle", async () => {
  const { limiter } = createSetup(limits);
  const remaining = async () => {
    await using probe = await limiter.reserve(principal, { modelClass: "haiku", inputTokens: 0, outputTokens: 0 });
    return probe.headers()["anthropic-ratelimit-output-tokens-remaining"];
  };
  {
    await using hold = await limiter.reserve(principal, haiku);
    expect(hold.headers()["anthropic-ratelimit-output-tokens-remaining"]).toBe("16000");
  }
  expect(await remaining()).toBe("20000");
  {
    await using hold = await limiter.reserve(principal, haiku);
    await hold.settle(usage({ outputTokens: 4_000 }));
    await hold.settle(usage({ outputTokens: 9_000 }));
  }
  expect(await remaining()).toBe("16000");
});

test("organizations and model classes have buckets of their own", async () => {
  const { limiter } = createSetup({ ...limits, requests: 1 });
  await limiter.reserve(principal, haiku);
  await expect(limiter.reserve(principal, haiku)).rejects.toMatchObject({ type: "rate_limit_error" });
  await expect(limiter.reserve(principal, { ...haiku, modelClass: "opus" })).resolves.toBeDefined();
  await expect(limiter.reserve({ ...principal, organizationId: "org-b" }, haiku)).resolves.toBeDefined();
});

test("four hundred reservations at once take exactly what the bucket holds", async () => {
  const { limiter } = createSetup({ requests: 100, inputTokens: 1_000_000, outputTokens: 1_000_000 });
  const outcomes = await Promise.allSettled(
    Array.from({ length: 400 }, () => limiter.reserve(principal, { ...haiku, inputTokens: 1, outputTokens: 1 })),
  );
  expect(outcomes.filter((outcome) => outcome.status === "fulfilled")).toHaveLength(100);
});

test("a changed limit keeps what was used", async () => {
  const clock: Clock = { nowMs: () => START_MS, monotonicMs: () => 0 };
  const store = createMemoryBucketStore({ clock });
  await store.take([{ key: "k", limitPerMinute: 100, tokens: 40 }]);
  const outcome = await store.take([{ key: "k", limitPerMinute: 50, tokens: 0 }]);
  expect(outcome.readings).toMatchObject([{ limitPerMinute: 50, remaining: 10 }]);
});

test("the defaults are a valid configuration", () => {
  expect(ModelClassLimits.parse(DEFAULT_LIMITS.default)).toEqual(DEFAULT_LIMITS.default);
});

test("a workspace's limits hold beside the organization's: both are drawn, and the tighter is told", async () => {
  const { limiter } = createSetup(limits, { haiku: { requests: 2, inputTokens: 15_000 } });
  const hold = await limiter.reserve(principal, haiku);
  expect(hold.headers()).toMatchObject({
    "anthropic-ratelimit-requests-limit": "2",
    "anthropic-ratelimit-requests-remaining": "1",
    "anthropic-ratelimit-input-tokens-limit": "15000",
    "anthropic-ratelimit-output-tokens-limit": "20000",
  });
  await expect(limiter.reserve(principal, haiku)).rejects.toMatchObject({
    status: 429,
    publicMessage: expect.stringContaining("your workspace's rate limit of 15,000 input tokens per minute") as string,
  });
  // The other workspace has the organization's limits, of which one turn was drawn and the refused one nothing.
  const other = await limiter.headers({ ...principal, workspaceId: "wrkspc_2" }, "haiku");
  expect(other).toMatchObject({
    "anthropic-ratelimit-requests-limit": "60",
    "anthropic-ratelimit-requests-remaining": "59",
    "anthropic-ratelimit-input-tokens-remaining": "90000",
  });
});

test("an override above the organization's limit does not raise it", async () => {
  const { limiter } = createSetup({ ...limits, requests: 1 }, { haiku: { requests: 1_000 } });
  await limiter.reserve(principal, haiku);
  await expect(limiter.reserve(principal, haiku)).rejects.toMatchObject({
    publicMessage: expect.stringContaining("your organization's rate limit of 1 requests") as string,
  });
});

test("an override of input tokens without cache awareness counts what is read from the cache too", async () => {
  const { limiter } = createSetup(limits, { haiku: { allInputTokens: 20_000 } });
  const hold = await limiter.reserve(principal, haiku);
  await hold.settle(usage({ inputTokens: 1_000, cacheReadTokens: 18_000 }));
  expect(await limiter.headers(principal, "haiku")).toMatchObject({
    "anthropic-ratelimit-input-tokens-limit": "20000",
    "anthropic-ratelimit-input-tokens-remaining": "1000",
  });
});

test("an override of 0 refuses every turn with a retry-after, and only for its class", async () => {
  const { limiter } = createSetup(limits, { haiku: { outputTokens: 0 } });
  await expect(limiter.reserve(principal, haiku)).rejects.toMatchObject({ status: 429, retryAfterSeconds: 60 });
  await expect(limiter.reserve(principal, { ...haiku, modelClass: "opus" })).resolves.toBeDefined();
});

test("counting tokens has a limit of its own and takes nothing from turns", async () => {
  const { limiter } = createSetup({ ...limits, requests: 1 });
  await limiter.countTokens(principal);
  await limiter.countTokens(principal);
  await expect(limiter.countTokens(principal)).rejects.toMatchObject({ status: 429, retryAfterSeconds: 30 });
  await expect(limiter.reserve(principal, haiku)).resolves.toBeDefined();
});

test("committed capacity is drawn on first, told by its headers, and settled as it burns down", async () => {
  const { limiter } = createSetup(limits, {}, { haiku: { inputTokens: 12_000, outputTokens: 5_000 } });
  const first = await limiter.reserve(principal, { ...haiku, mayUsePriority: true });
  expect(first.serviceTier).toBe("priority");
  expect(first.headers()).toMatchObject({
    "anthropic-priority-input-tokens-limit": "12000",
    "anthropic-priority-input-tokens-remaining": "2000",
    "anthropic-priority-input-tokens-reset": "2026-11-21T12:00:50Z",
    "anthropic-priority-output-tokens-limit": "5000",
    "anthropic-priority-output-tokens-remaining": "1000",
  });
  // Full: the next turn is a standard one, and it takes nothing of the commitment.
  const second = await limiter.reserve(principal, { ...haiku, mayUsePriority: true });
  expect(second.serviceTier).toBe("standard");
  // 1,000 as they are, 5,000 read at a tenth, 400 written at 1.25 and 100 at 2: 2,200 of input.
  await first.settle(
    usage({ inputTokens: 1_000, cacheReadTokens: 5_000, cacheWrite5mTokens: 400, cacheWrite1hTokens: 100, outputTokens: 500 }),
  );
  const third = await limiter.reserve(principal, { modelClass: "haiku", inputTokens: 0, outputTokens: 0, mayUsePriority: true });
  expect(third.headers()).toMatchObject({
    "anthropic-priority-input-tokens-remaining": "9800",
    "anthropic-priority-output-tokens-remaining": "4500",
  });
});

test("standard_only leaves committed capacity alone, and another class has none", async () => {
  const { limiter } = createSetup(limits, {}, { haiku: { inputTokens: 12_000, outputTokens: 5_000 } });
  const standard = await limiter.reserve(principal, haiku);
  expect(standard.serviceTier).toBe("standard");
  expect(Object.keys(standard.headers()).filter((name) => name.includes("priority"))).toEqual([]);
  expect((await limiter.reserve(principal, { ...haiku, modelClass: "opus", mayUsePriority: true })).serviceTier).toBe("standard");
  await using released = await limiter.reserve(principal, { ...haiku, mayUsePriority: true });
  expect(released.headers()).toMatchObject({ "anthropic-priority-input-tokens-remaining": "2000" });
});

test("a priority turn that never ran gives its capacity back", async () => {
  const { limiter } = createSetup(limits, {}, { haiku: { inputTokens: 12_000, outputTokens: 5_000 } });
  for (let index = 0; index < 3; index += 1) {
    await using hold = await limiter.reserve(principal, { ...haiku, mayUsePriority: true });
    expect(hold.serviceTier).toBe("priority");
  }
});

test("use that rises more steeply than it may is refused in the platform's words, and headers tell the limits as ever", async () => {
  const setup = createSetup({ requests: 100, inputTokens: 100_000, outputTokens: 100_000 }, {}, {}, 1_000);
  const ask = (inputTokens: number) => setup.limiter.reserve(principal, { modelClass: "haiku", inputTokens, outputTokens: 10 });
  expect((await ask(900)).headers()).toMatchObject({
    "anthropic-ratelimit-input-tokens-limit": "100000",
    "anthropic-ratelimit-input-tokens-remaining": "99000",
  });
  const refused = await ask(500).catch((error: unknown) => error);
  expect(refused).toMatchObject({
    type: "rate_limit_error",
    publicMessage: expect.stringContaining(
      "your organization's maximum usage increase rate for input tokens per minute",
    ) as string,
    retryAfterSeconds: 24,
  });
  setup.advance(24_000);
  await ask(500);
});
