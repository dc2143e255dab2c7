/** Decoded tokens per second over the last few seconds. */
export interface TokenMeter {
  add(tokens: number): void;
  perSecond(): number;
}

const WINDOW_SECONDS = 5;

/** One counter for each second of the window, used in turn: constant work and memory at any speed. */
export function createTokenMeter({ monotonicMs }: { readonly monotonicMs: () => number }): TokenMeter {
  const counts = Array.from({ length: WINDOW_SECONDS }, () => 0);
  const startMs = monotonicMs();
  let newest = 0;

  /** Empties the seconds that have passed since the last look. */
  function advance(): number {
    const elapsedMs = monotonicMs() - startMs;
    const second = Math.floor(elapsedMs / 1000);
    for (let each = Math.max(newest + 1, second - WINDOW_SECONDS + 1); each <= second; each++) counts[each % WINDOW_SECONDS] = 0;
    newest = second;
    return elapsedMs;
  }

  return {
    add(tokens) {
      advance();
      counts[newest % WINDOW_SECONDS] = (counts[newest % WINDOW_SECONDS] ?? 0) + tokens;
    },
    perSecond() {
      const elapsedMs = advance();
      // The whole seconds of the window and the part of the one that runs.
      const measuredMs = Math.min(elapsedMs, (WINDOW_SECONDS - 1) * 1000 + (elapsedMs % 1000));
      const tokens = counts.reduce((sum, count) => sum + count, 0);
      return tokens === 0 ? 0 : (tokens * 1000) / Math.max(measuredMs, 1000);
    },
  };
}
