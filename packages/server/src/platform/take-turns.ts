/** Lets so many in at once. The others wait in line, one line for each `whose`, and the lines take turns. */
export interface TurnTaker {
  /** Runs `work` when a place is free. Whoever's signal is aborted leaves the line at once, with the signal's reason. */
  take<Result>(asked: { readonly whose: string; readonly signal: AbortSignal }, work: () => Promise<Result>): Promise<Result>;
}

export function createTurnTaker(places: number): TurnTaker {
  /** By whose they are; the line at the front is served next, and goes to the back. */
  const lines = new Map<string, Set<() => void>>();
  let free = places;

  function leaveLine(whose: string, enter: () => void): void {
    const line = lines.get(whose);
    if (line?.delete(enter) && line.size === 0) lines.delete(whose);
  }

  function letNextIn(): void {
    for (const [whose, line] of lines) {
      const [enter] = line;
      lines.delete(whose);
      if (enter === undefined) continue;
      line.delete(enter);
      if (line.size > 0) lines.set(whose, line);
      enter();
      return;
    }
    free += 1;
  }

  function waitInLine(whose: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      const onAbort = (): void => {
        leaveLine(whose, enter);
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      const line = lines.get(whose) ?? new Set();
      lines.set(whose, line.add(enter));
    });
  }

  return {
    async take({ whose, signal }, work) {
      signal.throwIfAborted();
      if (free > 0) free -= 1;
      else await waitInLine(whose, signal);
      try {
        return await work();
      } finally {
        letNextIn();
      }
    },
  };
}
