import type { WorkspaceLimits } from "./limits-config.ts";

export type LimitKind = keyof WorkspaceLimits;

/** The platform's limiter types that Parley enforces, and what they are called inside. */
const KIND_BY_TYPE = {
  requests_per_minute: "requests",
  input_tokens_per_minute: "allInputTokens",
  input_tokens_per_minute_cache_aware: "inputTokens",
  output_tokens_per_minute: "outputTokens",
  tokens_per_minute: "totalTokens",
} as const satisfies Readonly<Record<string, LimitKind>>;

export type EnforcedLimitType = keyof typeof KIND_BY_TYPE;

export function limitKindOf(type: string): LimitKind | null {
  return Object.hasOwn(KIND_BY_TYPE, type) ? KIND_BY_TYPE[type as EnforcedLimitType] : null;
}

export const ENFORCED_LIMIT_TYPES = Object.keys(KIND_BY_TYPE) as readonly EnforcedLimitType[];
