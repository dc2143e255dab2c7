import { z } from "zod";

const PerMinute = z.number().int().positive().max(100_000_000_000);

/** Limits of one organization for one class of model, each a minute. */
export const ModelClassLimits = z.strictObject({
  requests: PerMinute,
  inputTokens: PerMinute,
  outputTokens: PerMinute,
  /** Input and output together; absent: no such limit. */
  totalTokens: PerMinute.optional(),
});
export type ModelClassLimits = z.infer<typeof ModelClassLimits>;

export const LimitsConfig = z.strictObject({
  default: ModelClassLimits,
  /** By model class (haiku, sonnet, …), instead of the default. */
  modelClasses: z.record(z.string(), ModelClassLimits),
});
export type LimitsConfig = z.infer<typeof LimitsConfig>;

/**
 * Generous: on one's own hardware the queue is the real limit. Output is reserved by `max_tokens`, and an agent asks for
 * 32,000 a turn, so this is room for three hundred such turns at once.
 */
export const DEFAULT_LIMITS: LimitsConfig = {
  default: { requests: 50_000, inputTokens: 50_000_000, outputTokens: 10_000_000 },
  modelClasses: {},
};

export function limitsFor(config: LimitsConfig, modelClass: string): ModelClassLimits {
  return Object.hasOwn(config.modelClasses, modelClass) ? (config.modelClasses[modelClass] ?? config.default) : config.default;
}
