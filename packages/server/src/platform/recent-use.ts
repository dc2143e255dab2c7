/** Use is looked at in windows of so long. */
export const WINDOW_MS = 250;

/** What came of late: in the window of time that runs, and in the one before it. */
export interface RecentUse<Sum> {
  note(nowMs: number, add: (sum: Sum) => Sum): void;
  /** How often something came in the window in which that was more often. */
  count(): number;
  sums(): readonly [now: Sum, before: Sum];
  /** Both windows lie in the past. */
  isOver(nowMs: number): boolean;
}

export function createRecentUse<Sum>(none: Sum, nowMs: number): RecentUse<Sum> {
  const empty = { count: 0, sum: none };
  let sinceMs = nowMs;
  let [current, before] = [empty, empty];
  const isOver = (atMs: number): boolean => atMs - sinceMs >= 2 * WINDOW_MS;
  return {
    note(atMs, add) {
      if (atMs - sinceMs >= WINDOW_MS) {
        [current, before] = [empty, isOver(atMs) ? empty : current];
        sinceMs = atMs;
      }
      current = { count: current.count + 1, sum: add(current.sum) };
    },
    count: () => Math.max(current.count, before.count),
    sums: () => [current.sum, before.sum],
    isOver,
  };
}
