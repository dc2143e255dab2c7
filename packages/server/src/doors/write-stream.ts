import type { ServerResponse } from "node:http";
import type { StreamPart } from "../endpoints/define-endpoint.ts";
import { drained } from "./drained.ts";
import type { ReplyManner } from "./reply-manner.ts";

export interface StreamTimes {
  /**
   * So long a stream's first event may take (a model that has to be loaded) before the stream is opened all the same:
   * until then a refusal can be a plain 4xx, after it is an event.
   */
  readonly openAfterMs: number;
  /** A stream that is silent for so long gets a `ping`: clients and proxies give up on silence. */
  readonly pingAfterMs: number;
  /** A client that takes nothing for so long is cut off, so that it does not hold a slot. */
  readonly stallAfterMs: number;
}

const PING: StreamPart = { event: "ping", data: { type: "ping" } };

/**
 * Writes parts to the raw response as they come and waits for the socket when it is full: no more than the socket's own
 * buffer and one part is ever held for a slow client. Rejects with what the parts throw, or `ClientGone`.
 */
export async function writeStream(
  outgoing: ServerResponse,
  parts: AsyncIterable<StreamPart>,
  signal: AbortSignal,
  { manner, times }: { readonly manner: ReplyManner; readonly times: StreamTimes },
): Promise<void> {
  const ping = setTimeout(() => {
    const bytes = outgoing.writableNeedDrain || !outgoing.writable ? null : manner.frame(PING);
    if (bytes !== null) outgoing.write(bytes);
    ping.refresh();
  }, times.pingAfterMs);
  try {
    for await (const part of parts) {
      signal.throwIfAborted();
      const bytes = manner.frame(part);
      if (bytes === null) {
        // Nothing that the headers could go out with.
        outgoing.flushHeaders();
        continue;
      }
      const hasRoom = outgoing.write(bytes);
      if (!hasRoom) await drained(outgoing, signal, times.stallAfterMs);
      ping.refresh();
    }
  } finally {
    clearTimeout(ping);
  }
}
