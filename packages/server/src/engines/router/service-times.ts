/** How long turns take at each upstream. */
export interface ServiceTimes {
  took(upstream: string, ms: number): void;
  meanMs(upstream: string): number;
}

/** So much of the mean is the newest turn. */
const WEIGHT = 0.1;
/** Of an upstream that has ended no turn. */
const UNKNOWN_MS = 5_000;

export function createServiceTimes(): ServiceTimes {
  const means = new Map<string, number>();
  return {
    took(upstream, ms) {
      const mean = means.get(upstream);
      means.set(upstream, mean === undefined ? ms : mean + WEIGHT * (ms - mean));
    },
    meanMs: (upstream) => Math.max(1, means.get(upstream) ?? UNKNOWN_MS),
  };
}
