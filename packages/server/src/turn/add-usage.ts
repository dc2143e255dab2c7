import type { Timings, Usage } from "./turn-event.ts";

/** Of a turn that has read and written nothing. */
export const NOTHING_USED: Usage = {
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
  outputTokens: 0,
  thinkingTokens: 0,
};

/** The sum of two prompts of one turn; what server tools did is the later one's to say. */
export function addUsage(one: Usage, other: Usage): Usage {
  return {
    ...other,
    inputTokens: one.inputTokens + other.inputTokens,
    cacheReadTokens: one.cacheReadTokens + other.cacheReadTokens,
    cacheWrite5mTokens: one.cacheWrite5mTokens + other.cacheWrite5mTokens,
    cacheWrite1hTokens: one.cacheWrite1hTokens + other.cacheWrite1hTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    thinkingTokens: one.thinkingTokens + other.thinkingTokens,
  };
}

export function addTimings(one: Timings, other: Timings): Timings {
  return {
    renderMs: one.renderMs + other.renderMs,
    queueMs: one.queueMs + other.queueMs,
    restoreMs: one.restoreMs + other.restoreMs,
    prefillMs: one.prefillMs + other.prefillMs,
    decodeMs: one.decodeMs + other.decodeMs,
  };
}
