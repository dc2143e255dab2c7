import type { Clock } from "../../platform/clock.ts";
import { LIMITED_SECONDS, type UpstreamFault } from "../upstream/upstream-failure.ts";

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

export function createTargetHealth(clock: Pick<Clock, "monotonicMs">): TargetHealth {
  let failures = 0;
  let pauses = 0;
  let pausedUntilMs = 0;
  /** It asked to be left alone until then: no turn that it still ends well takes that back. */
  let coolUntilMs = 0;
  let sick = false;

  function pause(): void {
    // Turns that were under way together fail together: that is one failure.
    if (sick && pausedUntilMs > clock.monotonicMs()) return;
    pausedUntilMs = clock.monotonicMs() + Math.min(PAUSE_MAX_MS, PAUSE_FIRST_MS * 2 ** pauses);
    pauses += 1;
    sick = true;
  }

  function coolDown(ms: number): void {
    coolUntilMs = clock.monotonicMs() + Math.min(COOL_DOWN_MAX_MS, ms);
  }

  return {
    pausedUntilMs() {
      const coolMs = coolUntilMs > clock.monotonicMs() ? coolUntilMs : 0;
      return sick ? Math.max(pausedUntilMs, coolMs) : coolMs;
    },
    isSick: () => sick,
    succeeded() {
      failures = 0;
      pauses = 0;
      sick = false;
    },
    failed(fault, retryAfterMs) {
      switch (fault) {
        case "request":
          failures = 0;
          return;
        case "limited":
          coolDown(retryAfterMs ?? LIMITED_SECONDS * 1_000);
          return;
        case "unreachable":
        case "credentials":
          pause();
          return;
        case "overloaded":
          if (retryAfterMs !== undefined) coolDown(retryAfterMs);
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
