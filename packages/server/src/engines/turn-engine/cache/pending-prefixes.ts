import { raceAbort } from "../../../platform/race-abort.ts";

/**
 * Prefixes that a running turn is computing right now. A second turn with the same prefix waits for it and reads the
 * result, instead of computing the same thousands of tokens beside it.
 */
export interface PendingPrefixes {
  /** Announces prefixes; the returned function says that they are stored (or given up). */
  announce(keys: readonly string[]): () => void;
  /** Whether another turn is computing one of `keys`. */
  has(keys: readonly string[]): boolean;
  /** Waits until none of `keys` is being computed by another turn. */
  wait(keys: readonly string[], signal: AbortSignal): Promise<void>;
}

export function createPendingPrefixes(): PendingPrefixes {
  const pending = new Map<string, Promise<void>>();
  return {
    announce(keys) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const own = keys.filter((key) => !pending.has(key));
      for (const key of own) pending.set(key, promise);
      return () => {
        for (const key of own) if (pending.get(key) === promise) pending.delete(key);
        resolve();
      };
    },
    has: (keys) => keys.some((key) => pending.has(key)),
    async wait(keys, signal) {
      for (;;) {
        const busy = keys.map((key) => pending.get(key)).find((promise) => promise !== undefined);
        if (busy === undefined) return;
        await raceAbort(busy, signal);
      }
    },
  };
}
