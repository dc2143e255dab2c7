import type { Clock } from "../../platform/clock.ts";
import type { UpstreamFault } from "../upstream/upstream-failure.ts";

/** What is known of one upstream: whether turns go there now, and if not, until when. */
export interface TargetHealth {
  /** Monotonic milliseconds until which nothing goes there; 0: turns go there. */
  pausedUntilMs(): number;
  succeeded(): void;
  failed(fault: UpstreamFault, retryAfterMs: number | undefined): void;
  /** Whether a pause was made for a fault of the upstream, and lasts until a probe has succeeded. */
  isSick(): boolean;
}

/** A few turns in a row, as one alone may be at fault itself. */
const FAILURES_MAX = 3;
const PAUSE_FIRST_MS = 2_000;
const PAUSE_MAX_MS = 60_000;
/** An upstream's word of when to come back counts, but one that says an hour is asked again before. */
const COOL_DOWN_MAX_MS = 120_000;
const COOL_DOWN_MS = 5_000;

export function createTargetHealth(clock: Pick<Clock, "monotonicMs">): TargetHealth {
  let failures = 0;
  let pauses = 0;
  let untilMs = 0;
  let sick = false;

  function pause(): void {
    // Turns that were under way together fail together: that is one failure.
    if (sick && untilMs > clock.monotonicMs()) return;
    untilMs = clock.monotonicMs() + Math.min(PAUSE_MAX_MS, PAUSE_FIRST_MS * 2 ** pauses);
    pauses += 1;
    sick = true;
  }

  return {
    pausedUntilMs: () => (sick || untilMs > clock.monotonicMs() ? untilMs : 0),
    isSick: () => sick,
    succeeded() {
      failures = 0;
      pauses = 0;
      untilMs = 0;
      sick = false;
    },
    failed(fault, retryAfterMs) {
      switch (fault) {
        case "request":
          failures = 0;
          return;
        case "limited":
          untilMs = clock.monotonicMs() + Math.min(COOL_DOWN_MAX_MS, retryAfterMs ?? COOL_DOWN_MS);
          return;
        case "unreachable":
        case "credentials":
          pause();
          return;
        case "overloaded":
          if (retryAfterMs !== undefined) untilMs = clock.monotonicMs() + Math.min(COOL_DOWN_MAX_MS, retryAfterMs);
          break;
        case "cut":
        case "silent":
        case "broken":
          break;
        default:
          fault satisfies never;
      }
      failures += 1;
      if (failures >= FAILURES_MAX) pause();
    },
  };
}
