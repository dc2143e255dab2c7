import type { IncomingHttpHeaders } from "node:http";
import { Client, type Dispatcher, errors, Pool } from "undici";
import { createReplyBody } from "./reply-body.ts";
import { type UpstreamFailure, upstreamFailure } from "./upstream-failure.ts";

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
  readonly body: AsyncIterable<Buffer>;
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

/** A kept connection that is closed as a request goes out on it says so about as soon as a packet has gone to and fro. */
const STALE_MS = 1_000;

/** A kept connection was closed just as a request went out on it. */
class Stale extends Error {}

/** Kept connections, deadlines, and a reply that is read no faster than it is used. */
export function createUpstreamClient(options: UpstreamClientOptions): UpstreamClient {
  const { url, socketPath, headers, connectMs, connectionsMax } = options;
  const base = new URL(url);
  const prefix = base.pathname.replace(/\/+$/, "").replace(/\/v1$/, "");
  const name = socketPath ?? `${base.host}${prefix}`;
  const connection = {
    connect: { timeout: connectMs, ...(socketPath === undefined ? {} : { socketPath }) },
    autoSelectFamily: socketPath === undefined,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
    pipelining: 1,
    // What is measured and injected here is HTTP/1.1, which every engine speaks.
    allowH2: false,
  };
  const factory = (origin: URL, poolOptions: object): Client => new OneConnection(origin, poolOptions);
  const pool = new Pool(base.origin, { ...connection, connections: connectionsMax, factory });

  function attempt(
    path: string,
    { body, silenceMs, signal, ...request }: UpstreamRequest,
    on: Dispatcher,
  ): Promise<UpstreamReply> {
    const { promise, resolve, reject } = Promise.withResolvers<UpstreamReply>();
    const reply = createReplyBody(signal, (error) => meaning(error, { signal, silenceMs, fault: "cut" }));
    let hasAnswered = false;
    /** Monotonic: until then the server may have closed before it saw anything of the request. */
    let staleUntilMs = -Infinity;
    // What still waits for a connection has nothing that could be closed.
    const onAbort = (): void => {
      reply.abort();
      reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort);
    const leave = (): void => {
      clearTimeout(waiting);
      signal.removeEventListener("abort", onAbort);
    };
    let hasGivenUp = false;
    // While all connections are busy with an upstream that says nothing, a request is not even sent.
    const waiting = setTimeout(() => {
      hasGivenUp = true;
      leave();
      reject(silence(silenceMs));
    }, silenceMs);
    const handler: ConnectionHandler = {
      onRequestStart(controller) {
        clearTimeout(waiting);
        reply.start(controller);
        if (hasGivenUp) reply.abort();
      },
      onConnection(isKept) {
        if (isKept) staleUntilMs = performance.now() + STALE_MS;
      },
      onResponseStart(_controller, status, replyHeaders) {
        staleUntilMs = -Infinity;
        // Early hints come before the answer.
        if (status < 200) return;
        hasAnswered = true;
        resolve({ status, headers: firstOfEach(replyHeaders), body: reply.body, finish: reply.finish });
      },
      onResponseData: (_controller, chunk) => reply.push(chunk),
      onResponseEnd() {
        leave();
        reply.end();
      },
      onResponseError(_controller, error) {
        leave();
        if (hasAnswered) reply.fail(error);
        else if (!signal.aborted && isClosed(error) && performance.now() < staleUntilMs) reject(new Stale());
        else reject(meaning(error, { signal, silenceMs, fault: "unreachable" }));
      },
    };
    on.dispatch(
      {
        path: prefix + path,
        method: body === undefined ? "GET" : "POST",
        headers: {
          "accept-encoding": "identity",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
          ...request.headers,
        },
        ...(body === undefined ? {} : { body }),
        headersTimeout: silenceMs,
        bodyTimeout: silenceMs,
      },
      handler,
    );
    return promise;
  }

  const silence = (ms: number): UpstreamFailure => upstreamFailure("silent", `${name} said nothing for ${ms} ms`);

  function meaning(
    error: unknown,
    { signal, silenceMs, fault }: { signal: AbortSignal; silenceMs: number; fault: "unreachable" | "cut" },
  ): unknown {
    if (signal.aborted) return signal.reason;
    // A request that cannot be written: our fault, and not one of an upstream that was never asked.
    if (error instanceof errors.InvalidArgumentError) return error;
    if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError) return silence(silenceMs);
    if (error instanceof errors.ConnectTimeoutError)
      return upstreamFailure("unreachable", `${name} took no connection within ${connectMs} ms`);
    const text = error instanceof Error ? error.message || error.name : String(error);
    return upstreamFailure(fault, `${name}: ${text}`, { cause: error });
  }

  return {
    async send(path, request) {
      request.signal.throwIfAborted();
      try {
        return await attempt(path, request, pool);
      } catch (error) {
        if (!(error instanceof Stale)) throw error;
        // The server closed a kept connection just as the request went out: it has seen nothing of it.
        const fresh = new OneConnection(base.origin, connection);
        const again = attempt(path, request, fresh);
        // It closes when its one request has ended.
        fresh.close().catch(() => {});
        return again;
      }
    },
    close: () => void pool.destroy().catch(() => {}),
  };
}

/** Of a header that comes twice, as some proxies make it, the first counts. */
function firstOfEach(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]));
}

function isClosed(error: NodeJS.ErrnoException): boolean {
  return error instanceof errors.SocketError || error.code === "ECONNRESET" || error.code === "EPIPE";
}

interface ConnectionHandler extends Dispatcher.DispatchHandler {
  /** The request goes out, on a connection that has carried replies before or on a new one. */
  onConnection(isKept: boolean): void;
}

/** Knows whether its connection is a kept one, which undici does not tell. */
class OneConnection extends Client {
  #isKept = false;

  constructor(origin: string | URL, options: Client.Options) {
    super(origin, options);
    this.on("connect", () => {
      this.#isKept = false;
    });
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: ConnectionHandler): boolean {
    return super.dispatch(options, {
      ...handler,
      onRequestStart: (controller, context: unknown) => {
        handler.onConnection(this.#isKept);
        handler.onRequestStart?.(controller, context);
      },
      onResponseEnd: (controller, trailers) => {
        this.#isKept = true;
        handler.onResponseEnd?.(controller, trailers);
      },
    });
  }
}
