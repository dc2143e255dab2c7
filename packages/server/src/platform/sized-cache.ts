import type { Clock } from "./clock.ts";

/** A map that is bounded by what its entries weigh together. What was used longest ago goes first. */
export interface SizedCache<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
  delete(key: string): void;
}

export interface SizedCacheOptions<Value> {
  readonly maxWeight: number;
  /** At least 1 is counted: what weighs nothing would never be forgotten. */
  readonly weigh: (value: Value, key: string) => number;
  /** For how long an entry stands, since it was set or since it was used. */
  readonly life?: { readonly clock: Clock; readonly ms: number; readonly since: "set" | "used" };
}

/** What an entry takes beside its value, in bytes or characters: its key, its place in the map, the objects around it. */
export const ENTRY_WEIGHT = 128;

export function createSizedCache<Value>({ maxWeight, weigh, life }: SizedCacheOptions<Value>): SizedCache<Value> {
  /** In the order of their use: a Map keeps the order of insertion. */
  const entries = new Map<string, { readonly value: Value; readonly weight: number; readonly sinceMs: number }>();
  let weight = 0;
  const nowMs = (): number => life?.clock.monotonicMs() ?? 0;
  const isOver = (sinceMs: number): boolean => life !== undefined && nowMs() - sinceMs >= life.ms;

  function drop(key: string): void {
    const entry = entries.get(key);
    if (entry === undefined) return;
    entries.delete(key);
    weight -= entry.weight;
  }

  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      if (isOver(entry.sinceMs)) {
        drop(key);
        return undefined;
      }
      entries.delete(key);
      entries.set(key, life?.since === "used" ? { ...entry, sinceMs: nowMs() } : entry);
      return entry.value;
    },
    set(key, value) {
      drop(key);
      const entry = { value, weight: Math.max(1, weigh(value, key)), sinceMs: nowMs() };
      entries.set(key, entry);
      weight += entry.weight;
      for (const [oldest, { sinceMs }] of entries) {
        if (weight <= maxWeight && !isOver(sinceMs)) break;
        drop(oldest);
      }
    },
    delete: drop,
  };
}
