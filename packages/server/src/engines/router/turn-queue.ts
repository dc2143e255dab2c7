import { comesBefore, type InLine } from "../../turn/comes-before.ts";

/** Who waits, and which of them goes first when a place is free. */
export interface TurnQueue {
  /**
   * The place that `take` finds, at once or when there is one; null when none was found within `waitMs`. The signal's reason where it
   * is aborted.
   */
  enter<Place>(
    asked: Omit<InLine, "order"> & {
      /** Those of one kind find the same places. */
      readonly kind: string;
      /** Takes a place where there is one now; null: there is none. What it throws ends the wait. */
      readonly take: () => Place | null;
      readonly waitMs: number;
    },
    signal: AbortSignal,
  ): Promise<Place | null>;
  /** A place may have become free. */
  wake(): void;
  size(): number;
}

interface Waiting extends InLine {
  readonly kind: string;
  /** Whether it has left the queue. */
  tryAgain(): boolean;
}

/** `held`: how many places a workspace has now. */
export function createTurnQueue(held: (workspaceId: string) => number): TurnQueue {
  const waiting = new Set<Waiting>();
  let arrivals = 0;

  function firstBut(kinds: ReadonlySet<string>): Waiting | null {
    let first: Waiting | null = null;
    for (const each of waiting) {
      if (!kinds.has(each.kind) && (first === null || comesBefore(each, first, held))) first = each;
    }
    return first;
  }

  function wake(): void {
    const withoutPlace = new Set<string>();
    // Each place that is taken changes whose turn it is.
    for (let next = firstBut(withoutPlace); next !== null; next = firstBut(withoutPlace)) {
      if (!next.tryAgain()) withoutPlace.add(next.kind);
    }
  }

  return {
    wake,
    size: () => waiting.size,
    async enter({ take, waitMs, ...who }, signal) {
      signal.throwIfAborted();
      const place = take();
      if (place !== null) return place;
      const { promise, resolve, reject } = Promise.withResolvers<typeof place>();
      const entry: Waiting = {
        ...who,
        order: arrivals++,
        tryAgain() {
          try {
            const found = take();
            if (found === null) return false;
            leave();
            resolve(found);
          } catch (error) {
            leave();
            reject(error);
          }
          return true;
        },
      };
      const onAbort = (): void => {
        leave();
        reject(signal.reason as Error);
      };
      const timer = setTimeout(() => {
        leave();
        resolve(null);
      }, waitMs);
      const leave = (): void => {
        waiting.delete(entry);
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      waiting.add(entry);
      return promise;
    },
  };
}
