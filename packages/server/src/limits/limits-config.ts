import { z } from "zod";

const PerMinute = z.number().int().positive().max(100_000_000_000);

/** Limits for one class of model, each a minute. */
export const ModelClassLimits = z.strictObject({
  requests: PerMinute,
  /** What is read from the cache does not count. */
  inputTokens: PerMinute,
  outputTokens: PerMinute,
  /** Input and output together; absent: no such limit. */
  totalTokens: PerMinute.optional(),
});
export type ModelClassLimits = z.infer<typeof ModelClassLimits>;

/** What an organization may use. */
export interface OrganizationLimits {
  /** The tier that they come from; null: the configuration's own. */
  readonly tier: string | null;
  readonly default: ModelClassLimits;
  /** By model class (haiku, sonnet, …), instead of the default. */
  readonly modelClasses: Readonly<Record<string, ModelClassLimits>>;
  readonly countTokensRequestsPerMinute: number;
  /** Requests in batches that may wait at once; absent: any number. */
  readonly batchQueueRequests?: number;
}

/** Capacity that an organization is promised for one class of models, each a minute: its Priority Tier. */
export interface PriorityCommitment {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Overrides of a workspace for one group. They hold beside the organization's limits; 0 refuses everything. */
export interface WorkspaceLimits {
  readonly requests?: number;
  /** Every input token, cache reads included. */
  readonly allInputTokens?: number;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly totalTokens?: number;
}

/**
 * Generous: on one's own hardware the queue is the real limit. Output is reserved by `max_tokens`, and an agent asks for
 * 32,000 a turn, so this is room for three hundred such turns at once.
 */
export const DEFAULT_LIMITS: OrganizationLimits = {
  tier: null,
  default: { requests: 50_000, inputTokens: 50_000_000, outputTokens: 10_000_000 },
  modelClasses: {},
  countTokensRequestsPerMinute: 50_000,
};

export function limitsFor(limits: OrganizationLimits, modelClass: string): ModelClassLimits {
  const own = Object.hasOwn(limits.modelClasses, modelClass) ? limits.modelClasses[modelClass] : undefined;
  return own ?? limits.default;
}
