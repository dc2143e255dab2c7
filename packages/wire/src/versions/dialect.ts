/** The two wire dialects, told apart by the `anthropic-version` header (surface.md section 0). */
export const ANTHROPIC_VERSIONS = ["2023-06-01", "2026-10-21"] as const;

export type AnthropicVersion = (typeof ANTHROPIC_VERSIONS)[number];

export function isAnthropicVersion(value: string): value is AnthropicVersion {
  return (ANTHROPIC_VERSIONS as readonly string[]).includes(value);
}

/** What one dialect accepts and the other refuses, as data. */
export interface Dialect {
  /** Keys of a create request that are "Extra inputs". */
  readonly refusedCreateKeys: readonly string[];
  /** Keys of a count_tokens request that are "Extra inputs". */
  readonly refusedCountKeys: readonly string[];
  readonly documentInAssistantMessage: boolean;
  /** Non-empty `citations` on a user's text block, or on a text block of a search result. */
  readonly citationsInUserText: boolean;
}

const SAMPLING_KEYS = ["temperature", "top_p", "top_k"] as const;

const COUNT_REFUSED_KEYS = [
  "max_tokens",
  "metadata",
  "stop_sequences",
  "stream",
  ...SAMPLING_KEYS,
  "service_tier",
  "inference_geo",
  "container",
] as const;

export const DIALECTS: Readonly<Record<AnthropicVersion, Dialect>> = {
  "2023-06-01": {
    refusedCreateKeys: [],
    refusedCountKeys: COUNT_REFUSED_KEYS,
    documentInAssistantMessage: true,
    citationsInUserText: true,
  },
  "2026-10-21": {
    refusedCreateKeys: SAMPLING_KEYS,
    // Only the 2023 wire is known to refuse a create body here.
    refusedCountKeys: SAMPLING_KEYS,
    documentInAssistantMessage: false,
    citationsInUserText: false,
  },
};
