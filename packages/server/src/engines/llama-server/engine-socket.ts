import { request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import type { z } from "zod";
import { upstreamFailure } from "../upstream/upstream-failure.ts";
import { ErrorReply } from "./api.ts";

/** llama-server answered with an error. `message` is its own text: for the log, never for a client. */
export class EngineRefused extends Error {
  override readonly name = "EngineRefused";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface EngineSocket {
  /** One request, one parsed reply. Throws `EngineRefused`, or what the socket throws. */
  call<T>(path: string, schema: z.ZodType<T>, options?: { body?: unknown; signal?: AbortSignal }): Promise<T>;
  /** The `data:` payloads of a server-sent stream. Leaving the generator closes the connection, which cancels the work. */
  events(
    path: string,
    request: { readonly body: unknown; readonly headers?: Readonly<Record<string, string>> },
    signal: AbortSignal,
  ): AsyncGenerator<string, void, void>;
}

/** A server on the network, with the key that llama-server was started with. */
export interface RemoteAddress {
  readonly url: string;
  readonly apiKey: string | null;
  /** How long it may say nothing: a machine that is gone closes no connection. */
  readonly silenceMs: number;
}

/** A unix socket's path, or an address on the network. */
export type EngineAddress = string | RemoteAddress;

/**
 * HTTP to an engine. Each request has its own connection (about 0.1 ms): closing it is how work is cancelled, and
 * a kept-alive connection can be closed by the server just when the next request goes out.
 */
export function createEngineSocket(address: EngineAddress): EngineSocket {
  const { send, prefix, timeout: silenceMs, ...target } = toTarget(address);

  const open = (
    path: string,
    body: unknown,
    signal: AbortSignal | undefined,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const payload = body === undefined ? undefined : JSON.stringify(body);
      const outgoing = send({
        ...target,
        path: prefix + path,
        agent: false,
        ...(silenceMs === undefined ? {} : { timeout: silenceMs }),
        method: payload === undefined ? "GET" : "POST",
        ...(signal ? { signal } : {}),
        headers: {
          ...target.headers,
          ...headers,
          ...(payload === undefined
            ? {}
            : { "content-type": "application/json", "content-length": String(Buffer.byteLength(payload)) }),
        },
      });
      let reply: IncomingMessage | null = null;
      outgoing.on("response", (incoming) => {
        reply = incoming;
        resolve(incoming);
      });
      outgoing.on("timeout", () => {
        (reply ?? outgoing).destroy(upstreamFailure("silent", `llama-server said nothing for ${silenceMs} ms`));
      });
      // Stays after the response too: a connection that breaks later reports it here as well.
      outgoing.on("error", reject);
      outgoing.end(payload);
    });

  const readAll = async (reply: IncomingMessage): Promise<string> => {
    reply.setEncoding("utf8");
    let text = "";
    for await (const part of reply) text += String(part);
    return text;
  };

  const refusal = (status: number, text: string): EngineRefused => {
    const parsed = ErrorReply.safeParse(parseJson(text));
    return new EngineRefused(status, parsed.success ? parsed.data.error.message : text.slice(0, 500));
  };

  return {
    async call(path, schema, { body, signal } = {}) {
      const reply = await open(path, body, signal);
      const text = await readAll(reply);
      const status = reply.statusCode ?? 0;
      if (status !== 200) throw refusal(status, text);
      return schema.parse(parseJson(text));
    },
    async *events(path, { body, headers }, signal) {
      const reply = await open(path, body, signal, headers);
      try {
        const status = reply.statusCode ?? 0;
        if (status !== 200) throw refusal(status, await readAll(reply));
        reply.setEncoding("utf8");
        let rest = "";
        for await (const part of reply) {
          const lines = (rest + String(part)).split("\n");
          rest = lines.pop() ?? "";
          // Lines that begin with a colon are the server's pings.
          for (const line of lines) if (line.startsWith("data: ")) yield line.slice("data: ".length);
        }
      } finally {
        reply.destroy();
      }
    },
  };
}

interface Target extends Pick<RequestOptions, "socketPath" | "hostname" | "port" | "timeout"> {
  readonly send: typeof httpRequest;
  readonly prefix: string;
  readonly headers: Readonly<Record<string, string>>;
}

function toTarget(address: EngineAddress): Target {
  if (typeof address === "string") return { send: httpRequest, socketPath: address, prefix: "", headers: {} };
  const { protocol, hostname, port, pathname } = new URL(address.url);
  return {
    send: protocol === "https:" ? httpsRequest : httpRequest,
    hostname: hostname.replace(/^\[|\]$/g, ""),
    port,
    timeout: address.silenceMs,
    prefix: pathname.replace(/\/+$/, "").replace(/\/v1$/, ""),
    headers: address.apiKey === null ? {} : { authorization: `Bearer ${address.apiKey}` },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
