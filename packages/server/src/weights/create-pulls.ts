import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import type { CatalogWeights } from "./catalog.ts";
import type { FetchSettings } from "./fetch-settings.ts";
import { fetchWeights } from "./fetch-weights.ts";

/** A fetch of weights: under way, or ended without them. One that succeeded is the weights themselves. */
export interface Pull {
  readonly weights: string;
  readonly status: "running" | "failed";
  readonly phase: "download" | "verify";
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** Of the last seconds; null until there is something to measure. */
  readonly bytesPerSecond: number | null;
  /** What each source answered, in words for who asked; null while running. */
  readonly fault: string | null;
}

/**
 * Fetches of weights that go on whoever looks on. What was fetched of one that broke off, or that a restart ended, stays on
 * disk, and the next one goes on from there.
 */
export interface Pulls extends AsyncDisposable {
  list(): readonly Pull[];
  /** Starts, or leaves running what runs already. */
  start(weights: CatalogWeights): void;
  /** Ends one under way, or forgets one that failed; false where there is none. */
  stop(weights: string): Promise<boolean>;
}

interface Running {
  pull: Pull;
  readonly abort: AbortController;
  done: Promise<void>;
}

const SPEED_EVERY_MS = 1_000;

export function createPulls(deps: {
  readonly folder: string;
  readonly settings: FetchSettings;
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly log: Pick<Log, "info" | "warn">;
}): Pulls {
  const { folder, settings, onChange, clock, log } = deps;
  const pulls = new Map<string, Running>();

  function start(weights: CatalogWeights): void {
    if (pulls.get(weights.name)?.pull.status === "running") return;
    const abort = new AbortController();
    const running: Running = {
      pull: {
        weights: weights.name,
        status: "running",
        phase: "download",
        doneBytes: 0,
        totalBytes: weights.bytes,
        bytesPerSecond: null,
        fault: null,
      },
      abort,
      done: Promise.resolve(),
    };
    pulls.set(weights.name, running);
    running.done = fetchInto(running, weights);
    onChange();
  }

  async function fetchInto(running: Running, weights: CatalogWeights): Promise<void> {
    const speed = createSpeed(clock);
    try {
      await fetchWeights(weights, {
        folder,
        ...settings,
        onProgress: ({ phase, doneBytes, totalBytes }) => {
          running.pull = { ...running.pull, phase, doneBytes, totalBytes, bytesPerSecond: speed(phase, doneBytes) };
        },
        signal: running.abort.signal,
      });
      log.info({ weights: weights.name }, "weights fetched");
      pulls.delete(weights.name);
    } catch (error) {
      if (running.abort.signal.aborted) pulls.delete(weights.name);
      else {
        log.warn({ weights: weights.name, err: error }, "weights could not be fetched");
        const fault = error instanceof Error ? error.message : String(error);
        running.pull = { ...running.pull, status: "failed", bytesPerSecond: null, fault };
      }
    }
    onChange();
  }

  async function stop(weights: string): Promise<boolean> {
    const running = pulls.get(weights);
    if (!running) return false;
    running.abort.abort(new Error("stopped"));
    await running.done;
    pulls.delete(weights);
    onChange();
    return true;
  }

  return {
    list: () =>
      pulls
        .values()
        .map(({ pull }) => pull)
        .toArray(),
    start,
    stop,
    async [Symbol.asyncDispose]() {
      await Promise.all(pulls.keys().map(stop));
    },
  };
}

/** Bytes per second between looks that are a second apart. */
function createSpeed(clock: Clock) {
  let last: { readonly phase: string; readonly atMs: number; readonly bytes: number } | null = null;
  let bytesPerSecond: number | null = null;
  return (phase: string, bytes: number): number | null => {
    const atMs = clock.monotonicMs();
    if (last === null || last.phase !== phase) {
      last = { phase, atMs, bytes };
      bytesPerSecond = null;
    } else if (atMs - last.atMs >= SPEED_EVERY_MS) {
      bytesPerSecond = Math.round(((bytes - last.bytes) * 1000) / (atMs - last.atMs));
      last = { phase, atMs, bytes };
    }
    return bytesPerSecond;
  };
}
