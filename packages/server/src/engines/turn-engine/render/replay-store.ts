import type { Clock } from "../../../platform/clock.ts";
import { createSizedCache } from "../../../platform/sized-cache.ts";

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
  const cache = createSizedCache<readonly number[]>({
    maxWeight: limits.maxBytes,
    weigh: (tokens, key) => key.length + tokens.length * BYTES_PER_TOKEN,
    life: { clock, ms: limits.ttlMs, since: "used" },
  });
  return {
    get: async (key) => cache.get(key) ?? null,
    put: (key, tokens) => cache.set(key, [...tokens]),
  };
}
