/** A crash after so long is news, not part of a series. */
const STABLE_MS = 60_000;
const FIRST_MS = 500;
const LONGEST_MS = 60_000;

export interface CrashSeries {
  /** Crashes in a row, each soon after its start. */
  readonly crashes: number;
  /** Milliseconds to wait before the next start. */
  readonly delayMs: number;
}

/**
 * What follows from a crash of a process that lived for `livedMs`. The first restart is at once: a crash is usually one
 * request's doing, and the others want their model back.
 */
export function afterCrash(crashesBefore: number, livedMs: number): CrashSeries {
  const crashes = livedMs < STABLE_MS ? crashesBefore + 1 : 1;
  return { crashes, delayMs: crashes === 1 ? 0 : Math.min(LONGEST_MS, FIRST_MS * 2 ** (crashes - 2)) };
}
