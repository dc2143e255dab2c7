import type { Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import { raceAbort } from "../../platform/race-abort.ts";
import type { UpstreamDriver } from "../upstream/upstream-driver.ts";
import { UpstreamFailure, type UpstreamFault } from "../upstream/upstream-failure.ts";
import { createTargetHealth } from "./target-health.ts";

/** What the router is told of an upstream. */
export interface Upstream {
  /** Differs where anything of it does: one that stays the same keeps its connections and its health when routes change. */
  readonly identity: string;
  readonly start: () => UpstreamDriver;
  /** Where its machines stand, as far as that is promised. */
  readonly geo: "us" | null;
  /** Turns that it is given at once by this server; null: any number. */
  readonly turnsMax: number | null;
  /** It speaks the Messages protocol: requests are passed on to it as they came. */
  readonly isPassedOn: boolean;
}

export interface UpstreamStatus {
  readonly upstream: string;
  readonly isUp: boolean;
  /** Why it is paused, or what its last turns failed of; null: all is well. */
  readonly fault: UpstreamFault | null;
  /** Until it is asked again; null: it is not paused. */
  readonly pausedForMs: number | null;
  /** Wall clock; null: it has not answered since the start. */
  readonly answeredAtMs: number | null;
  readonly outstandingTokens: number;
  readonly runningTurns: number;
  /** An operator lets it end what it has. */
  readonly isDrained: boolean;
}

/** One upstream, whatever pools it is in. */
export interface UpstreamNode {
  readonly name: string;
  readonly upstream: Upstream;
  readonly driver: UpstreamDriver;
  /** About what its turns come to. */
  outstandingTokens(): number;
  /** Whether turns go there: it is well, and nobody drains it. */
  isOpen(): boolean;
  isDrained(): boolean;
  /** Whether it may be given another turn now. */
  hasRoom(): boolean;
  /** Monotonic milliseconds; 0: it is not paused. */
  pausedUntilMs(): number;
  /** A turn is on it until the returned function is called. */
  enter(tokens: number): () => void;
  /** It is used, if not for a turn: it is not closed before the returned function is called. */
  hold(): () => void;
  succeeded(): void;
  failed(error: unknown): void;
  /** No turn goes there any more: what it has ends, then its connections. */
  retire(): void;
  /** All that it has ends now. */
  close(): void;
  status(): UpstreamStatus;
}

export interface UpstreamNodeOptions {
  readonly clock: Clock;
  readonly log: Pick<Log, "info" | "warn">;
  readonly probeEveryMs: number;
  readonly isDrained: () => boolean;
  /** It may be given turns again. */
  readonly onRoom: () => void;
  /** How long a probe may take. */
  readonly probeWithinMs?: number;
}

const PROBE_WITHIN_MS = 10_000;
/** How soon a pause that is over is noticed. */
const TICK_MS = 500;

/** Watches over an upstream from now on: it is probed now and then while well, and while paused when the pause is over. */
export function createUpstreamNode(name: string, upstream: Upstream, options: UpstreamNodeOptions): UpstreamNode {
  const { clock, log, probeEveryMs, isDrained, onRoom, probeWithinMs = PROBE_WITHIN_MS } = options;
  const driver = upstream.start();
  const health = createTargetHealth(clock);
  const leaving = new AbortController();
  let outstanding = 0;
  let running = 0;
  let users = 0;
  let fault: UpstreamFault | null = null;
  let answeredAtMs: number | null = null;
  let isClosed = false;

  function succeeded(): void {
    health.succeeded();
    fault = null;
    answeredAtMs = clock.nowMs();
  }

  function failed(error: unknown): void {
    if (!(error instanceof UpstreamFailure)) return;
    const wasSick = health.isSick();
    const { retryAfterSeconds } = error;
    health.failed(error.fault, retryAfterSeconds === undefined ? undefined : retryAfterSeconds * 1000);
    // What is wrong with a request says nothing of the upstream but that it answers.
    if (error.fault === "request") answeredAtMs = clock.nowMs();
    else ({ fault } = error);
    if (health.isSick() && !wasSick) log.warn({ upstream: name, fault, err: error }, "an upstream is paused");
  }

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    leaving.abort(new Error("the upstream is not used any more"));
    driver.close();
  }

  function hold(): () => void {
    users += 1;
    let isOut = false;
    return () => {
      if (isOut) return;
      isOut = true;
      users -= 1;
      if (leaving.signal.aborted && users === 0) close();
    };
  }

  async function probe(): Promise<void> {
    const wasSick = health.isSick();
    try {
      const until = AbortSignal.any([leaving.signal, AbortSignal.timeout(probeWithinMs)]);
      // Also by a driver that waits on: who is never asked again is never found well again.
      await raceAbort(driver.probe(until), until);
      answeredAtMs = clock.nowMs();
      if (!wasSick) return;
      succeeded();
      log.info({ upstream: name }, "an upstream is back");
    } catch (error) {
      if (leaving.signal.aborted) return;
      if (!(error instanceof UpstreamFailure)) {
        health.failed("unreachable", undefined);
        fault = "unreachable";
        // A well one that limits its probes may take turns all the same; a paused one is asked again when it says.
      } else if (error.fault !== "limited" || wasSick) failed(error);
    }
  }

  function watch(): void {
    let timer: NodeJS.Timeout | null = null;
    let wakeAtMs = clock.monotonicMs() + probeEveryMs;
    let wasOpen = true;
    const tick = async (): Promise<void> => {
      const nowMs = clock.monotonicMs();
      const isDue = health.isSick() ? nowMs >= health.pausedUntilMs() : nowMs >= wakeAtMs;
      if (isDue) {
        await probe();
        wakeAtMs = clock.monotonicMs() + probeEveryMs;
      }
      if (leaving.signal.aborted) return;
      const isOpen = health.pausedUntilMs() === 0;
      if (isOpen && !wasOpen) onRoom();
      wasOpen = isOpen;
      schedule();
    };
    const schedule = (): void => {
      timer = setTimeout(() => void tick(), TICK_MS);
      timer.unref();
    };
    leaving.signal.addEventListener("abort", () => timer && clearTimeout(timer));
    void probe().then(() => {
      if (!leaving.signal.aborted) schedule();
    });
  }
  watch();

  return {
    name,
    upstream,
    driver,
    outstandingTokens: () => outstanding,
    isOpen: () => !isDrained() && health.pausedUntilMs() === 0,
    isDrained,
    hasRoom: () => upstream.turnsMax === null || running < upstream.turnsMax,
    pausedUntilMs: () => health.pausedUntilMs(),
    enter(tokens) {
      const release = hold();
      outstanding += tokens;
      running += 1;
      let isOut = false;
      return () => {
        if (isOut) return;
        isOut = true;
        outstanding -= tokens;
        running -= 1;
        release();
        onRoom();
      };
    },
    hold,
    succeeded,
    failed,
    retire() {
      leaving.abort(new Error("the upstream is not used any more"));
      if (users === 0) close();
    },
    close,
    status() {
      const untilMs = health.pausedUntilMs();
      return {
        upstream: name,
        isUp: untilMs === 0,
        fault,
        pausedForMs: untilMs === 0 ? null : Math.max(0, untilMs - clock.monotonicMs()),
        answeredAtMs,
        outstandingTokens: outstanding,
        runningTurns: running,
        isDrained: isDrained(),
      };
    },
  };
}
