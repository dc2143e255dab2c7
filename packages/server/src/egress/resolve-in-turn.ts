import { createTurnTaker } from "../platform/take-turns.ts";
import type { EgressPolicyOptions } from "./egress-policy.ts";

/**
 * The system resolves each name in a thread of a pool of four, which files and compression need too; a name whose servers
 * do not answer holds its thread for many seconds, and cannot be given up.
 */
const AT_ONCE = 2;
const WAITING_MAX = 256;
const NEVER = new AbortController().signal;

/** Resolves a few names at once, whoever asks; domains take turns, so that one with slow servers keeps others from little. */
export function resolveInTurn(resolve: EgressPolicyOptions["resolve"]): EgressPolicyOptions["resolve"] {
  const turns = createTurnTaker(AT_ONCE);
  const running = new Map<string, ReturnType<typeof resolve>>();
  return async (host) => {
    const known = running.get(host);
    if (known) return known;
    if (running.size >= WAITING_MAX) throw new Error("too many names wait to be resolved");
    const resolving = turns
      .take({ whose: host.split(".").slice(-2).join("."), signal: NEVER }, () => resolve(host))
      .finally(() => running.delete(host));
    running.set(host, resolving);
    return resolving;
  };
}
