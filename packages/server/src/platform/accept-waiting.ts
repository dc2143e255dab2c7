/** Times round the event loop without a connection, after which there is none left. */
const QUIET_ROUNDS = 2;
/** One that took longer says nothing of what came during it. */
const ROUND_MS = 1;
/** A port that is never quiet is closed all the same. */
const MOST_MS = 500;

/**
 * Takes the connections that the kernel has accepted and we have not: who closes the port resets them. Node takes one each time round its event
 * loop (libuv, since 1.45), so a busy server has several waiting. What comes between the last look and the closing is lost still: well under a
 * millisecond's. `watch` calls at each connection until it is told to stop; `quietMs`: how long none must have come.
 */
export async function acceptWaiting(watch: (onConnection: () => void) => () => void, quietMs = 0): Promise<void> {
  let accepted = 0;
  const stop = watch(() => {
    accepted += 1;
  });
  const begunMs = performance.now();
  let quietRounds = 0;
  let quietSinceMs = begunMs;
  for (let roundMs = begunMs; roundMs - begunMs < MOST_MS;) {
    const before = accepted;
    await new Promise(setImmediate);
    const nowMs = performance.now();
    const isQuiet = accepted === before && nowMs - roundMs < ROUND_MS;
    quietRounds = isQuiet ? quietRounds + 1 : 0;
    if (!isQuiet) quietSinceMs = nowMs;
    if (quietRounds >= QUIET_ROUNDS && nowMs - quietSinceMs >= quietMs) break;
    roundMs = nowMs;
  }
  stop();
}
