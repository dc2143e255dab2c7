import type { Timings } from "../turn/turn-event.ts";

/** Collects `Server-Timing` entries of one request, in milliseconds. */
export interface ServerTiming {
  add(name: string, durationMs: number): void;
  /** Adds what a finished turn reports. */
  addTurn(timings: Timings): void;
  /** What was added under this name; null: nothing. */
  read(name: string): number | null;
  /** The header's value so far. */
  header(): string;
}

export function createServerTiming(): ServerTiming {
  const entries: (readonly [name: string, durationMs: number])[] = [];
  const add = (name: string, durationMs: number): void => {
    entries.push([name, durationMs]);
  };
  return {
    add,
    addTurn(timings) {
      add("render", timings.renderMs);
      add("queue", timings.queueMs);
      add("cached", timings.restoreMs);
      add("prefill", timings.prefillMs);
      add("decode", timings.decodeMs);
    },
    read: (name) => entries.find(([each]) => each === name)?.[1] ?? null,
    header: () => entries.map(([name, durationMs]) => `${name};dur=${durationMs.toFixed(2)}`).join(", "),
  };
}
