/** Running totals of this process and of the machine, in milliseconds. */
export interface CpuReading {
  readonly wallMs: number;
  /** Processor time that this process has used, over all its threads. */
  readonly processMs: number;
  /** Time that the machine's cores have idled, over all of them. */
  readonly idleMs: number;
}

export interface ThreadGovernor {
  readonly threads: number;
  /** Call around each computed step. */
  stepStarts(reading: CpuReading): void;
  stepEnded(reading: CpuReading): void;
}

/** A window is judged when it holds so much computing: shorter ones are noise beside a scheduler's time slice. */
const WINDOW_MS = 300;
/**
 * Spinning threads use all of their time: others have taken their cores where they get less than this share of it and lose so much
 * of a core. What the server beside them takes now and then costs less than a thread does.
 */
const CROWDED_SHARE = 0.88;
const CROWDED_CORES = 0.4;
const IDLE_CORES_TO_GROW = 0.6;
const SHORTEST_WAIT_MS = 1_000;
/** An attempt on a crowded machine costs a window: a twentieth of this. */
const LONGEST_WAIT_MS = 6_000;

/**
 * Chooses how many threads compute. llama.cpp's threads wait for each other by spinning, some hundred times a token:
 * when another process takes one of their cores, all wait for a time slice each time. Four streams of SmolLM2 on two
 * cores beside other busy processes decoded 4 tokens/s with two threads and 108 with one. So a crowded machine gets
 * fewer threads, and gets them back when cores idle; an attempt that ends crowded again doubles the wait for the next.
 */
export function createThreadGovernor(mostThreads: number): ThreadGovernor {
  let threads = mostThreads;
  let start: CpuReading = { wallMs: 0, processMs: 0, idleMs: 0 };
  let window = { wallMs: 0, processMs: 0, idleMs: 0 };
  let waitMs = SHORTEST_WAIT_MS;
  let changedMs = Number.NEGATIVE_INFINITY;
  let grewLast = false;

  const change = (to: number, nowMs: number) => {
    grewLast = to > threads;
    threads = to;
    changedMs = nowMs;
  };
  const judge = (nowMs: number) => {
    const share = window.processMs / (window.wallMs * threads);
    const idleCores = window.idleMs / window.wallMs;
    const lostCores = threads * (1 - share);
    if (threads > 1 && share < CROWDED_SHARE && lostCores >= CROWDED_CORES) {
      waitMs = grewLast ? Math.min(LONGEST_WAIT_MS, waitMs * 2) : SHORTEST_WAIT_MS;
      change(Math.max(1, Math.min(threads - 1, Math.floor(threads * share))), nowMs);
    } else if (threads < mostThreads && idleCores >= IDLE_CORES_TO_GROW && nowMs - changedMs >= waitMs) {
      change(Math.min(mostThreads, threads + Math.max(1, Math.floor(idleCores))), nowMs);
    } else if (grewLast && nowMs - changedMs > waitMs) {
      // The last growth has held: the machine is quiet again.
      waitMs = SHORTEST_WAIT_MS;
    }
  };
  return {
    get threads() {
      return threads;
    },
    stepStarts: (reading) => {
      start = reading;
    },
    stepEnded: (reading) => {
      window = {
        wallMs: window.wallMs + reading.wallMs - start.wallMs,
        processMs: window.processMs + reading.processMs - start.processMs,
        idleMs: window.idleMs + reading.idleMs - start.idleMs,
      };
      if (window.wallMs < WINDOW_MS) return;
      judge(reading.wallMs);
      window = { wallMs: 0, processMs: 0, idleMs: 0 };
    },
  };
}
