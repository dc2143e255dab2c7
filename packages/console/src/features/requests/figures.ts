import type { LoggedRequest } from "@parley/wire";

export const PHASES = ["auth", "read", "limits", "render", "queue", "cached", "prefill", "decode"] as const;
export type Phase = (typeof PHASES)[number];

export interface PlacedPhase {
  readonly phase: Phase;
  readonly startMs: number;
  readonly durationMs: number;
}

/** The phases one after the other; one that was not measured is left out. */
export function placePhases(timings: NonNullable<LoggedRequest["timings_ms"]>): readonly PlacedPhase[] {
  let startMs = 0;
  return PHASES.flatMap((phase) => {
    const durationMs = timings[phase];
    if (durationMs === null) return [];
    const placed = { phase, startMs, durationMs };
    startMs += durationMs;
    return [placed];
  });
}

/** Of the reply while it was written; null: nothing was, or in no time. */
export function tokensPerSecond({ usage, timings_ms: timings }: LoggedRequest): number | null {
  if (!usage || !timings || usage.output_tokens === 0 || timings.decode <= 0) return null;
  return usage.output_tokens / (timings.decode / 1000);
}

export function promptTokens(usage: NonNullable<LoggedRequest["usage"]>): number {
  return usage.input_tokens + usage.cache_read_input_tokens + usage.cache_creation_input_tokens;
}
