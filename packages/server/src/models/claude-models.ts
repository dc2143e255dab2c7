/**
 * The Claude models that clients name, as data. Sources: the platform's documentation and the official SDK's model list
 * and changelog (release and deprecation days), its cache minimums and the refusals seen on the wire. What the platform
 * does not publish follows the nearest model of its line.
 */

export type ModelLine = "haiku" | "sonnet" | "opus" | "fable" | "mythos";

/** What a request to this model may hold; the validation of messages reads it. */
export interface ModelRules {
  /** Largest `max_tokens`. */
  readonly maxTokens: number;
  /** A shorter prefix is silently not cached. */
  readonly minimumCacheTokens: number;
  /** Whether a last assistant message may be continued. */
  readonly prefill: boolean;
  /** Which `thinking.type` values are accepted. */
  readonly thinking: {
    readonly enabled: boolean;
    readonly adaptive: boolean;
    readonly disabled: boolean;
    readonly between_tools: boolean;
  };
  /** "free": any. "one": temperature or top_p, not both. "fixed": only the defaults. */
  readonly sampling: "free" | "one" | "fixed";
  /** What a prompt does that fits but leaves less than `max_tokens`: a 400, or a reply that ends when the window is full. */
  readonly contextOverflow: "refuse" | "stop";
  /** Whether `usage.inference_geo` says anything; older models answer "not_available". */
  readonly inferenceGeo: boolean;
  /** Pictures, and pages of PDFs, in one request. */
  readonly mediaMax: 100 | 600;
}

export interface ClaudeModel {
  /** The pinned id: what replies carry. */
  readonly id: string;
  readonly aliases: readonly string[];
  readonly displayName: string;
  readonly line: ModelLine;
  readonly lifecycle: "active" | "deprecated";
  /** RFC 3339. */
  readonly createdAt: string;
  readonly deprecatedAt: string | null;
  readonly retiresAt: string | null;
  readonly rules: ModelRules;
}

/** Rules that follow from the day of release are derived from it. */
type OwnRules = Omit<ModelRules, "contextOverflow" | "inferenceGeo" | "mediaMax">;
const CONTEXT_STOP_SINCE = "2025-09-29";
const INFERENCE_GEO_SINCE = "2026-02-05";
/** Models with a window of a million tokens take more; no Haiku has one. */
const MANY_MEDIA_SINCE = "2026-02-05";

const THINKING_NONE = { enabled: false, adaptive: false, disabled: true, between_tools: false };
const THINKING_BUDGET = { enabled: true, adaptive: false, disabled: true, between_tools: false };
const THINKING_BOTH = { enabled: true, adaptive: true, disabled: true, between_tools: false };
const THINKING_ADAPTIVE = { enabled: false, adaptive: true, disabled: true, between_tools: false };
const THINKING_NEWEST = { enabled: false, adaptive: true, disabled: true, between_tools: true };

/** The fifth generation: no prefill, no sampling, adaptive thinking, 128k of output. */
const fifth = (minimumCacheTokens: number): OwnRules => ({
  maxTokens: 128_000,
  minimumCacheTokens,
  prefill: false,
  thinking: THINKING_NEWEST,
  sampling: "fixed",
});

const day = (date: string): string => `${date}T00:00:00Z`;

interface Life {
  readonly aliases?: readonly string[];
  readonly deprecated?: string;
  readonly retires?: string;
}

function model(line: ModelLine, id: string, displayName: string, created: string, rules: OwnRules, life: Life = {}): ClaudeModel {
  return {
    id,
    aliases: life.aliases ?? [],
    displayName,
    line,
    lifecycle: life.deprecated ? "deprecated" : "active",
    createdAt: day(created),
    deprecatedAt: life.deprecated ? day(life.deprecated) : null,
    retiresAt: life.retires ? day(life.retires) : null,
    rules: {
      ...rules,
      contextOverflow: created >= CONTEXT_STOP_SINCE ? "stop" : "refuse",
      inferenceGeo: created >= INFERENCE_GEO_SINCE,
      mediaMax: created >= MANY_MEDIA_SINCE && line !== "haiku" ? 600 : 100,
    },
  };
}

/** Newest first, as the platform lists them. */
export const CLAUDE_MODELS: readonly ClaudeModel[] = [
  model("fable", "claude-fable-5-2", "Claude Fable 5.2", "2026-11-09", fifth(512)),
  model("mythos", "claude-mythos-5-2", "Claude Mythos 5.2", "2026-11-09", fifth(512)),
  model("haiku", "claude-haiku-5-5", "Claude Haiku 5.5", "2026-10-07", fifth(1024)),
  model("sonnet", "claude-sonnet-5-5", "Claude Sonnet 5.5", "2026-09-28", fifth(1024)),
  model("fable", "claude-fable-5-1", "Claude Fable 5.1", "2026-09-22", fifth(512)),
  model("opus", "claude-opus-5-5", "Claude Opus 5.5", "2026-09-22", fifth(512)),
  model("mythos", "claude-mythos-5-1", "Claude Mythos 5.1", "2026-09-22", fifth(512)),
  model("opus", "claude-opus-5", "Claude Opus 5", "2026-07-24", fifth(512), { aliases: ["claude-opus-5-0"] }),
  model("sonnet", "claude-sonnet-5", "Claude Sonnet 5", "2026-06-30", fifth(1024), { aliases: ["claude-sonnet-5-0"] }),
  model("fable", "claude-fable-5", "Claude Fable 5", "2026-06-09", fifth(512), { aliases: ["claude-fable-5-0"] }),
  model("mythos", "claude-mythos-5", "Claude Mythos 5", "2026-06-09", fifth(512), { aliases: ["claude-mythos-5-0"] }),
  model("opus", "claude-opus-4-8", "Claude Opus 4.8", "2026-05-28", {
    maxTokens: 128_000,
    minimumCacheTokens: 1024,
    prefill: false,
    thinking: THINKING_ADAPTIVE,
    sampling: "fixed",
  }),
  model("opus", "claude-opus-4-7", "Claude Opus 4.7", "2026-04-16", {
    maxTokens: 128_000,
    minimumCacheTokens: 2048,
    prefill: false,
    thinking: THINKING_ADAPTIVE,
    sampling: "fixed",
  }),
  model("mythos", "claude-mythos-preview", "Claude Mythos Preview", "2026-04-07", {
    maxTokens: 128_000,
    minimumCacheTokens: 1024,
    prefill: false,
    thinking: THINKING_BOTH,
    sampling: "fixed",
  }),
  model("sonnet", "claude-sonnet-4-6", "Claude Sonnet 4.6", "2026-02-17", {
    maxTokens: 64_000,
    minimumCacheTokens: 1024,
    prefill: false,
    thinking: THINKING_BOTH,
    sampling: "one",
  }),
  model("opus", "claude-opus-4-6", "Claude Opus 4.6", "2026-02-05", {
    maxTokens: 128_000,
    minimumCacheTokens: 4096,
    prefill: false,
    thinking: THINKING_BOTH,
    sampling: "one",
  }),
  model(
    "opus",
    "claude-opus-4-5-20251101",
    "Claude Opus 4.5",
    "2025-11-24",
    { maxTokens: 64_000, minimumCacheTokens: 4096, prefill: true, thinking: THINKING_BUDGET, sampling: "one" },
    { aliases: ["claude-opus-4-5"] },
  ),
  model(
    "haiku",
    "claude-haiku-4-5-20251001",
    "Claude Haiku 4.5",
    "2025-10-15",
    { maxTokens: 64_000, minimumCacheTokens: 4096, prefill: true, thinking: THINKING_BUDGET, sampling: "one" },
    { aliases: ["claude-haiku-4-5"] },
  ),
  model(
    "sonnet",
    "claude-sonnet-4-5-20250929",
    "Claude Sonnet 4.5",
    "2025-09-29",
    { maxTokens: 64_000, minimumCacheTokens: 1024, prefill: true, thinking: THINKING_BUDGET, sampling: "one" },
    { aliases: ["claude-sonnet-4-5"], deprecated: "2026-09-30", retires: "2026-11-30" },
  ),
  model(
    "opus",
    "claude-opus-4-1-20250805",
    "Claude Opus 4.1",
    "2025-08-05",
    { maxTokens: 32_000, minimumCacheTokens: 1024, prefill: true, thinking: THINKING_BUDGET, sampling: "one" },
    { aliases: ["claude-opus-4-1"], deprecated: "2026-08-07" },
  ),
  model(
    "opus",
    "claude-opus-4-20250514",
    "Claude Opus 4",
    "2025-05-22",
    { maxTokens: 32_000, minimumCacheTokens: 1024, prefill: true, thinking: THINKING_BUDGET, sampling: "free" },
    { aliases: ["claude-opus-4-0", "claude-opus-4", "claude-4-opus-20250514"], deprecated: "2026-04-14" },
  ),
  model(
    "sonnet",
    "claude-sonnet-4-20250514",
    "Claude Sonnet 4",
    "2025-05-22",
    { maxTokens: 64_000, minimumCacheTokens: 1024, prefill: true, thinking: THINKING_BUDGET, sampling: "free" },
    { aliases: ["claude-sonnet-4-0", "claude-sonnet-4", "claude-4-sonnet-20250514"], deprecated: "2026-04-14" },
  ),
  model(
    "sonnet",
    "claude-3-7-sonnet-20250219",
    "Claude Sonnet 3.7",
    "2025-02-24",
    { maxTokens: 64_000, minimumCacheTokens: 1024, prefill: true, thinking: THINKING_BUDGET, sampling: "free" },
    { aliases: ["claude-3-7-sonnet-latest", "claude-3-7-sonnet"], deprecated: "2025-10-28", retires: "2026-02-19" },
  ),
  model(
    "haiku",
    "claude-3-5-haiku-20241022",
    "Claude Haiku 3.5",
    "2024-10-22",
    { maxTokens: 8192, minimumCacheTokens: 2048, prefill: true, thinking: THINKING_NONE, sampling: "free" },
    { aliases: ["claude-3-5-haiku-latest", "claude-3-5-haiku"], deprecated: "2026-01-05" },
  ),
  model(
    "sonnet",
    "claude-3-5-sonnet-20241022",
    "Claude Sonnet 3.5",
    "2024-10-22",
    { maxTokens: 8192, minimumCacheTokens: 1024, prefill: true, thinking: THINKING_NONE, sampling: "free" },
    { aliases: ["claude-3-5-sonnet-latest", "claude-3-5-sonnet", "claude-3-5-sonnet-20240620"], deprecated: "2025-08-13" },
  ),
  model(
    "haiku",
    "claude-3-haiku-20240307",
    "Claude Haiku 3",
    "2024-03-07",
    { maxTokens: 4096, minimumCacheTokens: 2048, prefill: true, thinking: THINKING_NONE, sampling: "free" },
    { aliases: ["claude-3-haiku"], deprecated: "2026-01-05" },
  ),
  model(
    "opus",
    "claude-3-opus-20240229",
    "Claude Opus 3",
    "2024-02-29",
    { maxTokens: 4096, minimumCacheTokens: 1024, prefill: true, thinking: THINKING_NONE, sampling: "free" },
    { aliases: ["claude-3-opus-latest", "claude-3-opus"], deprecated: "2025-06-30", retires: "2026-01-05" },
  ),
];
