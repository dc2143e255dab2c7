import type { ServerResponse } from "node:http";
import { ClientGone } from "./error-reply.ts";

/** Waits until the client has taken what was written. Rejects with `ClientGone` where that takes `stallAfterMs`. */
export function drained(outgoing: ServerResponse, signal: AbortSignal, stallAfterMs: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new ClientGone("stalled")), stallAfterMs);
  const onAbort = (): void => reject(signal.reason);
  outgoing.once("drain", resolve);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  return promise.finally(() => {
    clearTimeout(timer);
    outgoing.off("drain", resolve);
    signal.removeEventListener("abort", onAbort);
  });
}
