import type { IncomingMessage, ServerResponse } from "node:http";

/** So that a client which sends all before it reads can still read its reply. */
const READ_ON_MS = 500;

/** A reply may be over before its request is: refused ones mostly. What still comes is then read for a moment, and not for as long as it comes. */
export function cutOffUnread(incoming: IncomingMessage, outgoing: ServerResponse): void {
  outgoing.once("finish", () => {
    if (incoming.complete) return;
    const timer = setTimeout(() => incoming.socket.destroySoon(), READ_ON_MS);
    incoming.once("close", () => clearTimeout(timer));
  });
}
