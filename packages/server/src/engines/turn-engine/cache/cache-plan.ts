import type { CacheTtl, Turn } from "../../../turn/turn.ts";
import type { Usage } from "../../../turn/turn-event.ts";
import type { RenderedPrompt } from "../render/rendered-prompt.ts";

/** How far back from a breakpoint an earlier entry is looked for, in blocks. Source: surface.md E. */
const LOOK_BACK_BLOCKS = 20;

export interface CacheWrite {
  readonly position: number;
  readonly ttl: CacheTtl;
}

/** What the cache will do for one prompt. Positions count tokens. */
export interface CachePlan {
  /** Longest cached prefix that a breakpoint may read; 0 is none. */
  readonly readTokens: number;
  /** Breakpoints beyond it whose prefix is long enough to be stored, ascending. */
  readonly writes: readonly CacheWrite[];
  /** Breakpoints at or before `readTokens`: the read refreshes them. */
  readonly refreshes: readonly CacheWrite[];
}

/** Plans reads and writes. `isCached` tells whether a live entry ends at a position. */
export function planCache(
  turn: Pick<Turn, "minimumCacheTokens">,
  prompt: Pick<RenderedPrompt, "boundaries">,
  isCached: (position: number) => boolean,
): CachePlan {
  const breakpoints: CacheWrite[] = [];
  let readTokens = 0;
  prompt.boundaries.forEach((boundary, index) => {
    if (boundary.ttl === null || boundary.position < turn.minimumCacheTokens) return;
    breakpoints.push({ position: boundary.position, ttl: boundary.ttl });
    const reachable = prompt.boundaries.slice(Math.max(0, index - LOOK_BACK_BLOCKS), index + 1);
    for (const { position } of reachable) {
      if (position > readTokens && position >= turn.minimumCacheTokens && isCached(position)) {
        readTokens = position;
      }
    }
  });
  const strongest = strongestPerPosition(breakpoints);
  return {
    readTokens,
    writes: strongest.filter(({ position }) => position > readTokens),
    refreshes: strongest.filter(({ position }) => position <= readTokens),
  };
}

/** Two breakpoints that land on one token (system and tools in a template that writes both together) are one entry. */
function strongestPerPosition(breakpoints: readonly CacheWrite[]): readonly CacheWrite[] {
  const byPosition = new Map<number, CacheWrite>();
  for (const breakpoint of breakpoints) {
    if (byPosition.get(breakpoint.position)?.ttl !== "1h") byPosition.set(breakpoint.position, breakpoint);
  }
  return [...byPosition.values()].toSorted((a, b) => a.position - b.position);
}

/** Splits a prompt's tokens into read, written and plain ones. They always sum to `promptTokens`. */
export function promptUsage(
  promptTokens: number,
  plan: Pick<CachePlan, "readTokens" | "writes">,
): Pick<Usage, "inputTokens" | "cacheReadTokens" | "cacheWrite5mTokens" | "cacheWrite1hTokens"> {
  let stored = plan.readTokens;
  const written = { "5m": 0, "1h": 0 };
  for (const { position, ttl } of plan.writes) {
    written[ttl] += position - stored;
    stored = position;
  }
  return {
    inputTokens: promptTokens - stored,
    cacheReadTokens: plan.readTokens,
    cacheWrite5mTokens: written["5m"],
    cacheWrite1hTokens: written["1h"],
  };
}
