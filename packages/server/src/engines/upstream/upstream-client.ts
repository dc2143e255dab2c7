import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { upstreamFailure } from "./upstream-failure.ts";

export interface UpstreamRequest {
  /** POST where there is a body. */
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** How long it may say nothing, before its head and between two parts of its body. */
  readonly silenceMs: number;
  readonly signal: AbortSignal;
}

export interface UpstreamReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Leaving it closes the connection, which is how an upstream is told to stop. Throws `UpstreamFailure` or the signal's reason. */
  readonly body: AsyncGenerator<Buffer, void, void>;
  /** All that matters has been read: when `body` is left now, the connection may be kept. */
  finish(): void;
}

/** HTTP to one server that the operator has named. */
export interface UpstreamClient {
  /** Throws `UpstreamFailure` (`unreachable`, `silent`), or the signal's reason. Any status is an answer. */
  send(path: string, request: UpstreamRequest): Promise<UpstreamReply>;
  close(): void;
}

export interface UpstreamClientOptions {
  /** With or without a path, and `/v1` at its end is forgiven: paths that are sent begin with it. */
  readonly url: string;
  /** Connects to this file of the machine instead; `url` then only names the host. */
  readonly socketPath?: string;
  /** Of every request; holds the key. */
  readonly headers: Readonly<Record<string, string>>;
  readonly connectMs: number;
  readonly connectionsMax: number;
}

/** Of free connections: shorter than what servers keep them (5 s in Node, 75 s in nginx), so that we close them and not they. */
const IDLE_MS = 4_000;
/** How long a server may take to end a reply whose last event has come. */
const LINGER_MS = 1_000;

class Stale extends Error {}

/** Kept connections, deadlines, and a reply that is read no faster than it is used. */
export function createUpstreamClient(options: UpstreamClientOptions): UpstreamClient {
  const { url, socketPath, headers, connectMs, connectionsMax } = options;
  const base = new URL(url);
  const prefix = base.pathname.replace(/\/+$/, "").replace(/\/v1$/, "");
  const isTls = base.protocol === "https:";
  const agentOptions = {
    keepAlive: true,
    maxSockets: connectionsMax,
    maxFreeSockets: 64,
    timeout: IDLE_MS,
    scheduling: "lifo",
  } as const;
  const agent = isTls ? new HttpsAgent(agentOptions) : new HttpAgent(agentOptions);
  const open = isTls ? httpsRequest : httpRequest;
  const name = socketPath ?? `${base.host}${prefix}`;

  function attempt(path: string, request: UpstreamRequest, isKept: boolean): Promise<IncomingMessage> {
    const { body, silenceMs, signal } = request;
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const outgoing = open({
      protocol: base.protocol,
      ...(socketPath === undefined ? { hostname: base.hostname.replace(/^\[|\]$/g, ""), port: base.port } : { socketPath }),
      path: prefix + path,
      method: body === undefined ? "GET" : "POST",
      agent: isKept ? agent : false,
      signal,
      headers: {
        "accept-encoding": "identity",
        ...(body === undefined ? {} : { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) }),
        ...headers,
        ...request.headers,
      },
    });
    const silence = setTimeout(() => {
      outgoing.destroy(upstreamFailure("silent", `${name} said nothing for ${silenceMs} ms`));
    }, silenceMs);
    outgoing.once("socket", (socket) => {
      socket.setNoDelay(true);
      if (!socket.connecting) return;
      const timer = setTimeout(() => {
        outgoing.destroy(upstreamFailure("unreachable", `${name} took no connection within ${connectMs} ms`));
      }, connectMs);
      const stop = (): void => clearTimeout(timer);
      socket.once(isTls ? "secureConnect" : "connect", stop);
      socket.once("close", stop);
    });
    outgoing.once("response", (response) => {
      clearTimeout(silence);
      resolve(response);
    });
    // Stays after the response: a connection that breaks later reports it here as well.
    outgoing.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(silence);
      const wasClosed = error.code === "ECONNRESET" || error.code === "EPIPE";
      reject(isKept && outgoing.reusedSocket && wasClosed && !signal.aborted ? new Stale() : error);
    });
    outgoing.end(body);
    return promise;
  }

  const meaning = (error: unknown, signal: AbortSignal, fault: "unreachable" | "cut"): unknown => {
    if (signal.aborted) return signal.reason;
    if (error instanceof Error && "fault" in error) return error;
    const text = error instanceof Error ? error.message : String(error);
    return upstreamFailure(fault, `${name}: ${text}`, { cause: error });
  };

  async function* read(
    response: IncomingMessage,
    { silenceMs, signal }: UpstreamRequest,
    isFinished: () => boolean,
  ): AsyncGenerator<Buffer, void, void> {
    const parts = response[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    let isWaiting = false;
    // Runs while we wait for the upstream, not while our own client is slow.
    const silence = setTimeout(() => {
      if (isWaiting) response.destroy(upstreamFailure("silent", `${name} said nothing for ${silenceMs} ms`));
    }, silenceMs);
    let isWhole = false;
    try {
      for (;;) {
        isWaiting = true;
        silence.refresh();
        const next = await parts.next();
        isWaiting = false;
        if (next.done === true) break;
        yield next.value;
      }
      isWhole = true;
    } catch (error) {
      throw meaning(error, signal, "cut");
    } finally {
      clearTimeout(silence);
      if (!isWhole && isFinished()) void drain(response, parts);
      else if (!isWhole) response.destroy();
    }
  }

  return {
    async send(path, request) {
      request.signal.throwIfAborted();
      let response: IncomingMessage;
      try {
        response = await attempt(path, request, true).catch((error: unknown) => {
          // The server closed a kept connection just as the request went out: it has seen nothing of it.
          if (error instanceof Stale) return attempt(path, request, false);
          throw error;
        });
      } catch (error) {
        throw meaning(error, request.signal, "unreachable");
      }
      let isFinished = false;
      return {
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: read(response, request, () => isFinished),
        finish: () => {
          isFinished = true;
        },
      };
    },
    close: () => agent.destroy(),
  };
}

async function drain(response: IncomingMessage, parts: AsyncIterator<Buffer>): Promise<void> {
  const timer = setTimeout(() => response.destroy(), LINGER_MS);
  try {
    while ((await parts.next()).done !== true);
  } catch {
    // It was closed, which is as good.
  } finally {
    clearTimeout(timer);
  }
}
