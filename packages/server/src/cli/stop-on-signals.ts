/** What can be told by signals: `process`, or a stand-in. */
interface Signalled {
  on(signal: "SIGINT" | "SIGTERM", listener: () => void): unknown;
}

/**
 * One Ctrl-C comes several times: the terminal sends it to everybody, and npm and scripts/launch.mjs pass theirs on. So
 * does a service manager's SIGTERM. What follows the first within this time is the same one.
 */
const ECHO_MS = 1_000;

/** `stop` at the first signal; `force` at a later Ctrl-C, from somebody who does not wait for streams. */
export function stopOnSignals(
  source: Signalled,
  { stop, force, monotonicMs }: { readonly stop: () => void; readonly force: () => void; readonly monotonicMs: () => number },
): void {
  let stoppedMs: number | null = null;
  const first = (): boolean => {
    if (stoppedMs !== null) return false;
    stoppedMs = monotonicMs();
    stop();
    return true;
  };
  // Listened to for good: without a listener a second SIGTERM would end the process.
  source.on("SIGTERM", first);
  source.on("SIGINT", () => {
    if (!first() && monotonicMs() - (stoppedMs ?? 0) > ECHO_MS) force();
  });
}
