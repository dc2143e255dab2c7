import type { UserTurn } from "./simulate.ts";

/** What people of one kind do; all but the shares are means. */
export interface Profile {
  readonly name: string;
  /** Between a reply and the next turn. */
  readonly thinkSeconds: number;
  /** Of a turn, what its prompt adds to the one before. */
  readonly addedTokens: number;
  readonly outputTokens: number;
  /** The whole prompt, computed where it is not in the cache. */
  readonly promptTokens: number;
  readonly missShare: number;
}

export const PROFILES: readonly Profile[] = [
  { name: "chat", thinkSeconds: 60, addedTokens: 100, outputTokens: 250, promptTokens: 1_500, missShare: 0.05 },
  // A coding agent: tools run between its turns, and now and then a person reads.
  { name: "agent", thinkSeconds: 15, addedTokens: 600, outputTokens: 150, promptTokens: 12_000, missShare: 0.02 },
];

/** Turns of one user without end, the same for the same seed. Times and lengths are exponential: many short ones, some long. */
export function* turnsOf(profile: Profile, seed: number): Generator<UserTurn, never> {
  const random = createRandom(seed);
  const around = (mean: number): number => -mean * Math.log(1 - random());
  // Nobody begins at once with everybody else.
  let isFirst = true;
  for (;;) {
    const isMiss = isFirst || random() < profile.missShare;
    const thinkSeconds = isFirst ? random() * profile.thinkSeconds * 2 : around(profile.thinkSeconds);
    const newTokens = Math.max(1, Math.round(isMiss ? profile.promptTokens : around(profile.addedTokens)));
    yield { thinkSeconds, newTokens, outputTokens: Math.max(1, Math.round(around(profile.outputTokens))) };
    isFirst = false;
  }
}

/** Mulberry32. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
