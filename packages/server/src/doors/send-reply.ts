import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { MadeReply } from "../endpoints/define-endpoint.ts";
import { drained } from "./drained.ts";
import type { Exchange } from "./exchange.ts";
import { type StreamTimes, writeStream } from "./write-stream.ts";

/** Writes an endpoint's reply, whole or as it comes. */
export async function sendReply(
  reply: MadeReply,
  limits: Readonly<Record<string, string>>,
  exchange: Exchange,
  options: StreamTimes,
): Promise<void> {
  const { outgoing, headers, timing, signal, manner } = exchange;
  exchange.replyKind = reply.kind;
  const timings = timing.header();
  const all = () => ({ ...headers, ...limits, ...(timings === "" ? {} : { "server-timing": timings }), ...reply.headers });
  switch (reply.kind) {
    case "json":
      sendWhole(outgoing, reply.status ?? 200, all(), "application/json", JSON.stringify(reply.body));
      return;
    case "raw":
      sendWhole(outgoing, reply.status ?? 200, all(), reply.contentType, reply.body);
      return;
    case "bytes":
      await sendBytes(outgoing, reply, all(), { signal, stallAfterMs: options.stallAfterMs });
      return;
    case "stream":
      const isFirstThere = reply.ready !== undefined && (await isSettledWithin(reply.ready, options.openAfterMs));
      // The first event may have added to them.
      outgoing.writeHead(200, {
        ...all(),
        "content-type": manner.streamContentType,
        "cache-control": "no-cache",
        // Reverse proxies that buffer would hold the events back.
        "x-accel-buffering": "no",
      });
      // Else they go out together with the first event, which costs one write less.
      if (!isFirstThere) outgoing.flushHeaders();
      await writeStream(outgoing, reply.parts, signal, { manner, times: options });
      outgoing.end();
      return;
    default:
      reply satisfies never;
  }
}

/** Waits for `ready` and throws what it rejects with, but not for longer than `ms`; false: it was not there by then. */
async function isSettledWithin(ready: Promise<unknown>, ms: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), ms);
  return await Promise.race([ready.then(() => true), late]).finally(() => clearTimeout(timer));
}

export function sendWhole(
  outgoing: ServerResponse,
  status: number,
  headers: Record<string, string>,
  contentType: string,
  body: string | Uint8Array,
): void {
  if (outgoing.destroyed) return;
  outgoing.writeHead(status, { ...headers, "content-type": contentType, "content-length": String(Buffer.byteLength(body)) });
  outgoing.end(body);
}

async function sendBytes(
  outgoing: ServerResponse,
  reply: Extract<MadeReply, { kind: "bytes" }>,
  headers: Record<string, string>,
  { signal, stallAfterMs }: { readonly signal: AbortSignal } & Pick<StreamTimes, "stallAfterMs">,
): Promise<void> {
  const source = Readable.from(reply.body);
  try {
    // The first bytes decide whether it is a reply or an error.
    const reader = source[Symbol.asyncIterator]() as AsyncIterableIterator<Uint8Array>;
    let next = await reader.next();
    outgoing.writeHead(reply.status ?? 200, { ...headers, "content-type": reply.contentType });
    while (!next.done) {
      if (!outgoing.write(next.value)) await drained(outgoing, signal, stallAfterMs);
      next = await reader.next();
    }
    outgoing.end();
  } finally {
    source.destroy();
  }
}
