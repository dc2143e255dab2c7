import { createHash } from "node:crypto";
import type { Clock } from "../../platform/clock.ts";
import { createSizedCache } from "../../platform/sized-cache.ts";
import { GrammarRejected } from "../backend.ts";
import type { StartBackend } from "./model-pool-types.ts";

/** Long enough for a client's retries; a machine that was only busy gets another try after that. */
const REMEMBERED_MS = 600_000;
const MOST = 1_000;

/**
 * Tells at once of a grammar that an engine has refused that it is refused. One that does not come back has the engine ended,
 * and with it the turns of everybody: the retry of the turn that brought it is relaxed instead.
 */
export function rememberRejectedGrammars(start: StartBackend, clock: Clock): StartBackend {
  const rejected = createSizedCache<true>({
    maxWeight: MOST,
    weigh: () => 1,
    life: { clock, ms: REMEMBERED_MS, since: "set" },
  });
  return async (request) => {
    const backend = await start(request);
    return {
      ...backend,
      async *decode(decode, signal) {
        const key = decode.grammar === null ? null : createHash("sha256").update(decode.grammar).digest("hex");
        if (key !== null && rejected.get(key)) throw new GrammarRejected("the engine has refused this grammar before");
        try {
          yield* backend.decode(decode, signal);
        } catch (error) {
          if (key !== null && error instanceof GrammarRejected) rejected.set(key, true);
          throw error;
        }
      },
    };
  };
}
