import type { Clock } from "../platform/clock.ts";
import { isOutage } from "./outage.ts";

/** A change on another node takes effect within a second. */
const TRUST_MS = 800;
/** While the database is down, as long as keys are trusted. */
const OUTAGE_TRUST_MS = 60_000;
const KEPT_MAX = 10_000;

/** What is read again and again, by id. */
export interface Readings<Value> {
  of(id: string): Promise<Value>;
  /** It changed: the next look is at the database. */
  forget(id: string): void;
}

/** Reads each id once for all who ask within a second; longer while the database is away. */
export function createReadings<Value>(options: {
  readonly clock: Clock;
  readonly read: (id: string) => Promise<Value>;
}): Readings<Value> {
  const { clock, read } = options;
  const known = new Map<string, { readonly value: Value; readonly readAtMs: number }>();
  const running = new Map<string, Promise<Value>>();

  function readOnce(id: string): Promise<Value> {
    const begun = running.get(id);
    if (begun) return begun;
    const reading: Promise<Value> = read(id)
      .then((value) => {
        // One that was forgotten meanwhile may be older than the change.
        if (running.get(id) !== reading) return value;
        if (known.size >= KEPT_MAX) known.clear();
        known.set(id, { value, readAtMs: clock.monotonicMs() });
        return value;
      })
      .finally(() => {
        if (running.get(id) === reading) running.delete(id);
      });
    running.set(id, reading);
    return reading;
  }

  return {
    async of(id) {
      const last = known.get(id);
      const ageMs = last ? clock.monotonicMs() - last.readAtMs : Number.POSITIVE_INFINITY;
      if (last && ageMs < TRUST_MS) return last.value;
      try {
        return await readOnce(id);
      } catch (error) {
        if (last && ageMs < OUTAGE_TRUST_MS && isOutage(error)) return last.value;
        throw error;
      }
    },
    forget(id) {
      known.delete(id);
      running.delete(id);
    },
  };
}
