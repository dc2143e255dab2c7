import { setTimeout as sleep } from "node:timers/promises";
import type { Arrangement } from "./arrangement.ts";
import { call, type Outcome } from "./client.ts";

export interface TimedOutcome extends Outcome {
  /** Since the load began. */
  readonly beganMs: number;
  readonly endedMs: number;
}

/** Clients that ask again as soon as they have an answer: half of them streams. */
export function startLoad(
  arrangement: Pick<Arrangement, "apiKey" | "url">,
  { clients, maxTokens, pauseMs = 0 }: { readonly clients: number; readonly maxTokens: number; readonly pauseMs?: number },
) {
  const outcomes: TimedOutcome[] = [];
  const begunMs = performance.now();
  const stopping = new AbortController();
  const work = Array.from({ length: clients }, async (_, client) => {
    for (let turn = 0; !stopping.signal.aborted; turn += 1) {
      const beganMs = performance.now() - begunMs;
      const outcome = await call({
        ...arrangement,
        maxTokens,
        stream: client % 2 === 0,
        prompt: `Client ${client}, turn ${turn}`,
      });
      outcomes.push({ ...outcome, beganMs, endedMs: performance.now() - begunMs });
      // A client that is refused waits a little before it comes again, as the SDKs do.
      await sleep(outcome.kind === "finished" ? pauseMs : 250);
    }
  });
  return {
    outcomes,
    nowMs: (): number => performance.now() - begunMs,
    async stop(): Promise<readonly TimedOutcome[]> {
      stopping.abort();
      await Promise.all(work);
      return outcomes;
    },
  };
}
