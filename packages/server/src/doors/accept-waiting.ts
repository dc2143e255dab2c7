import type { Server } from "node:http";

/** Times round the event loop without a connection, after which there is none left. */
const QUIET_ROUNDS = 2;
/** One that took longer says nothing of what came during it. */
const ROUND_MS = 1;
/** A server that is never quiet closes all the same. */
const MOST_MS = 500;

/**
 * Takes the connections that the kernel has accepted and we have not: who closes the port resets them. Node takes one each time round its event
 * loop (libuv, since 1.45), so a busy server has several waiting. What comes between the last look and the closing is lost still: well under a millisecond's.
 */
export async function acceptWaiting(server: Server): Promise<void> {
  let accepted = 0;
  const count = (): void => {
    accepted += 1;
  };
  server.on("connection", count);
  const begunMs = performance.now();
  let quiet = 0;
  for (let roundMs = begunMs; quiet < QUIET_ROUNDS && roundMs - begunMs < MOST_MS;) {
    const before = accepted;
    await new Promise(setImmediate);
    const nowMs = performance.now();
    quiet = accepted === before && nowMs - roundMs < ROUND_MS ? quiet + 1 : 0;
    roundMs = nowMs;
  }
  server.off("connection", count);
}
