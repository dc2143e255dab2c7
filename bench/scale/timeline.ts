/** Simulated time: what is to happen happens in its order, and takes no time but what it says. */
export interface Timeline {
  nowMs(): number;
  after(delayMs: number, run: () => void): void;
  runUntil(endMs: number): void;
}

interface Due {
  readonly atMs: number;
  /** Of two that are due together the one that was said first comes first. */
  readonly place: number;
  readonly run: () => void;
}

const isBefore = (a: Due, b: Due): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.place < b.place);

export function createTimeline(): Timeline {
  /** A binary heap. */
  const heap: Due[] = [];
  let nowMs = 0;
  let said = 0;

  function push(due: Due): void {
    let at = heap.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBefore(due, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = due;
  }

  function pop(): Due | undefined {
    const [first] = heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      const [left, right] = [heap[below], heap[below + 1]];
      if (left === undefined) break;
      if (right !== undefined && isBefore(right, left)) below += 1;
      const child = heap[below];
      if (child === undefined || !isBefore(child, last)) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = last;
    return first;
  }

  return {
    nowMs: () => nowMs,
    after(delayMs, run) {
      said += 1;
      push({ atMs: nowMs + delayMs, place: said, run });
    },
    runUntil(endMs) {
      for (;;) {
        const [next] = heap;
        if (next === undefined || next.atMs > endMs) break;
        pop();
        nowMs = next.atMs;
        next.run();
      }
      nowMs = endMs;
    },
  };
}
