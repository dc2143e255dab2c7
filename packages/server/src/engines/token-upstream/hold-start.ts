import { setTimeout as sleep } from "node:timers/promises";
import type { TurnEvent } from "../../turn/turn-event.ts";

/** An engine that has just gone, or is full, says so sooner. */
const HELD_MS = 200;

/**
 * Keeps a turn's first event back until something follows it, though not for long: a turn that fails until then has sent nothing, and can be
 * tried elsewhere. `leave` ends what is waited for, where nobody reads on.
 */
export async function* holdStart(
  events: AsyncGenerator<TurnEvent, void, void>,
  leave: () => void,
  heldMs = HELD_MS,
): AsyncGenerator<TurnEvent, void, void> {
  try {
    const first = await events.next();
    if (first.done === true) return;
    const following = events.next();
    // Whoever leaves at the first event hears nothing of it.
    following.catch(() => {});
    const waited = new AbortController();
    await Promise.race([following, sleep(heldMs, undefined, { signal: waited.signal })]).finally(() => waited.abort());
    yield first.value;
    const second = await following;
    if (second.done === true) return;
    yield second.value;
    yield* events;
  } finally {
    leave();
    await events.return();
  }
}
