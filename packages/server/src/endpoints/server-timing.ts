import type { Timings } from "../turn/turn-event.ts";

/** Collects `Server-Timing` entries of one request, in milliseconds. */
export interface ServerTiming {
  add(name: string, durationMs: number): void;
  /** Adds what a finished turn reports. */
  addTurn(timings: Timings): void;
  /** The header's value so far. */
  header(): string;
}

export function createServerTiming(): ServerTiming {
  const entries: string[] = [];
  const add = (name: string, durationMs: number): void => {
    entries.push(`${name};dur=${durationMs.toFixed(2)}`);
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
    header: () => entries.join(", "),
  };
}
