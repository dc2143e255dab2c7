import { performance } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

type CollectGarbage = (options: { type: "major"; flavor: "last-resort"; execution: "async" }) => Promise<void>;

/** Of what is reachable. */
const GARBAGE_MAX_PERCENT = 100;
/** V8's own figure: for so many collections hidden classes are kept that no object has. */
const RETAINED_COLLECTIONS = 2;
/** More collections than giving garbage back once takes. */
const COLLECTIONS_MAX = 100;
const LOOK_EVERY_MS = 10_000;
/** The share of its time in which a server at rest does something: probes, jobs that find nothing to do. */
const REST_UTILIZATION = 0.02;
/** Less than this is not worth the work. */
const GROWN_BYTES = 4 * 1024 * 1024;

/**
 * For a process that serves until it ends: sees to it that its garbage does not take the memory of the engine or the database beside it.
 * Under load old garbage is collected once it is as large as what is reachable (V8 would wait for up to three times as much), and at rest
 * it is given back.
 */
export function keepGarbageSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${GARBAGE_MAX_PERCENT}`);
  releaseGarbageAtRest();
}

/**
 * Gives garbage back to the system whenever the process has come to rest after a start or after work. The engine does so by itself only
 * when its heap has grown, which on a server at rest is never. Takes some 100 ms, in pieces. Goes on until the process ends.
 */
function releaseGarbageAtRest(): void {
  let before = performance.eventLoopUtilization();
  let releasedBytes = 0;
  setInterval(() => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    if (utilization > REST_UTILIZATION || process.memoryUsage.rss() < releasedBytes + GROWN_BYTES) return;
    void collectGarbage().then(() => {
      releasedBytes = process.memoryUsage.rss();
    });
  }, LOOK_EVERY_MS).unref();
}

async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as CollectGarbage;
  setFlagsFromString("--no-expose-gc");
  // What V8 has compiled stays, which takes it ten seconds of full load to do again: the functions, and the hidden classes that they are for.
  setFlagsFromString("--no-flush-bytecode");
  setFlagsFromString(`--retain-maps-for-n-gc=${COLLECTIONS_MAX}`);
  await collect({ type: "major", flavor: "last-resort", execution: "async" });
  setFlagsFromString("--flush-bytecode");
  setFlagsFromString(`--retain-maps-for-n-gc=${RETAINED_COLLECTIONS}`);
}
