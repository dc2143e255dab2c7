/** Counts down a program's time, but for that in which it waits for others. */
export interface RunTimer {
  /** Each pause is followed by one `goOn`. */
  pause(): void;
  goOn(): void;
  isPaused(): boolean;
  stop(): void;
}

export function createRunTimer(ms: number, onOver: () => void): RunTimer {
  let leftMs = ms;
  let sinceMs = performance.now();
  let state: "runs" | "is-paused" | "is-over" = "runs";
  let timer = setTimeout(onOver, leftMs);
  return {
    pause() {
      if (state !== "runs") return;
      state = "is-paused";
      clearTimeout(timer);
      leftMs -= performance.now() - sinceMs;
    },
    goOn() {
      if (state !== "is-paused") return;
      state = "runs";
      sinceMs = performance.now();
      timer = setTimeout(onOver, Math.max(0, leftMs));
    },
    isPaused: () => state === "is-paused",
    stop() {
      state = "is-over";
      clearTimeout(timer);
    },
  };
}
