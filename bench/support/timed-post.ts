import { request } from "node:http";

export interface Destination {
  /** `http://host:port`; with a socket it only fills the Host header. */
  readonly url: string;
  readonly socketPath?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface SentEvent {
  /** Milliseconds since the request was sent. */
  readonly atMs: number;
  readonly data: unknown;
}

export interface TimedReply {
  /** The events of the stream, in order. */
  readonly events: readonly SentEvent[];
  readonly endMs: number;
}

/**
 * Posts JSON and notes when each server-sent event arrived. What arrives is only parsed when all of it is there, so the
 * client takes as little as it can of the cores that the engine computes on. Rejects unless the status is 200.
 */
export function timedPost(to: Destination, path: string, body: object): Promise<TimedReply> {
  const payload = JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const parts: { readonly atMs: number; readonly bytes: Buffer }[] = [];
    const sentMs = performance.now();
    const outgoing = request(new URL(path, to.url), {
      method: "POST",
      agent: false,
      ...(to.socketPath === undefined ? {} : { socketPath: to.socketPath }),
      headers: { "content-type": "application/json", "content-length": Buffer.byteLength(payload), ...to.headers },
    });
    outgoing.on("error", reject);
    outgoing.on("response", (reply) => {
      reply.on("error", reject);
      reply.on("data", (bytes: Buffer) => parts.push({ atMs: performance.now() - sentMs, bytes }));
      reply.on("end", () => {
        const endMs = performance.now() - sentMs;
        if (reply.statusCode === 200) return resolve({ events: readEvents(parts), endMs });
        const text = Buffer.concat(parts.map((part) => part.bytes)).toString();
        reject(new Error(`${path}: ${reply.statusCode} ${text.slice(0, 300)}`));
      });
    });
    outgoing.end(payload);
  });
}

function readEvents(parts: readonly { readonly atMs: number; readonly bytes: Buffer }[]): readonly SentEvent[] {
  const decoder = new TextDecoder();
  const events: SentEvent[] = [];
  let rest = "";
  for (const { atMs, bytes } of parts) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line.startsWith("data: ")) events.push({ atMs, data: JSON.parse(line.slice("data: ".length)) as unknown });
    }
  }
  return events;
}
