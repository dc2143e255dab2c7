import type { Clock } from "../../../platform/clock.ts";

/** Keeps the tokens of our own replies by key (`replayKey`) for a while after their last use. */
export interface ReplayStore {
  get(key: string): Promise<readonly number[] | null>;
  /** Never fails: a reply that is not kept is rendered again. */
  put(key: string, tokens: readonly number[]): void;
}

export interface ReplayLimits {
  /** How long an entry is kept after its last use. */
  readonly ttlMs: number;
  /** At four bytes a token. */
  readonly maxBytes: number;
}

export const DEFAULT_REPLAY_LIMITS: ReplayLimits = { ttlMs: 3_600_000, maxBytes: 64 * 1024 * 1024 };
export const BYTES_PER_TOKEN = 4;

/** Keeps replies until the process ends. */
export function createMemoryReplayStore(clock: Clock, limits: ReplayLimits = DEFAULT_REPLAY_LIMITS): ReplayStore {
  const entries = new Map<string, { readonly tokens: readonly number[]; readonly usedMs: number }>();
  let bytes = 0;
  const drop = (key: string): void => {
    const entry = entries.get(key);
    if (entry === undefined) return;
    entries.delete(key);
    bytes -= entry.tokens.length * BYTES_PER_TOKEN;
  };
  const keep = (key: string, tokens: readonly number[]): void => {
    drop(key);
    entries.set(key, { tokens, usedMs: clock.monotonicMs() });
    bytes += tokens.length * BYTES_PER_TOKEN;
    for (const [oldest, entry] of entries) {
      if (bytes <= limits.maxBytes && clock.monotonicMs() - entry.usedMs < limits.ttlMs) break;
      drop(oldest);
    }
  };
  return {
    async get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return null;
      if (clock.monotonicMs() - entry.usedMs >= limits.ttlMs) {
        drop(key);
        return null;
      }
      keep(key, entry.tokens);
      return entry.tokens;
    },
    put: (key, tokens) => keep(key, [...tokens]),
  };
}
