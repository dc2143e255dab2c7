import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { LookupFunction } from "node:net";
import { EgressError } from "./egress-error.ts";
import type { EgressPolicy, ResolvedAddress } from "./egress-policy.ts";
import { parseEgressUrl } from "./parse-egress-url.ts";
import { readLimited } from "./read-limited.ts";

export interface EgressRequest {
  readonly method?: "GET" | "POST" | "DELETE";
  /** Sent to the first origin only; a redirect to another origin keeps `accept`, `accept-language` and `user-agent`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** From the name's resolution to the last byte. */
  readonly timeoutMs: number;
  /** Of the body as it is after decompression. */
  readonly maxBytes: number;
  /** Media types that are read at all; a reply of status 200 to 299 with another is refused before its body. */
  readonly accepts?: (mediaType: string) => boolean;
  /** How many redirects of a GET are followed; another method's are given back as they are. */
  readonly maxRedirects?: number;
  /** Asked with each redirect's target before anything of it is resolved or requested; false refuses it as `refused-redirect`. */
  readonly mayFollow?: (url: string) => boolean;
  readonly signal?: AbortSignal;
}

export interface EgressReply {
  /** Where the redirects led, without a fragment. */
  readonly url: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** `text/html`, in lower case and without parameters; empty where the reply does not say. */
  readonly mediaType: string;
  /** Limited and decompressed. Leaving it closes the connection; so does the end of the time. */
  readonly body: AsyncGenerator<Uint8Array, void, void>;
  /** Ends the connection of a reply whose body is not read: a generator that was never begun cannot. */
  close(): void;
}

/** Fetches an address that an operator, a client or a model gave. Throws `EgressError`, or the signal's reason. */
export type Egress = (url: string, request: EgressRequest) => Promise<EgressReply>;

const DEFAULT_REDIRECTS = 5;
const KEPT_ACROSS_ORIGINS = new Set(["accept", "accept-language", "user-agent"]);
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * The only function by which this server fetches addresses that others give. Each hop is parsed once, resolved once and
 * checked; the connection goes to the checked address and nowhere else, whatever the name says a moment later.
 */
export function createEgress(policy: EgressPolicy): Egress {
  return async (first, request) => {
    const timeout = AbortSignal.timeout(request.timeoutMs);
    const signal = request.signal ? AbortSignal.any([request.signal, timeout]) : timeout;
    const explain = (error: unknown): unknown => {
      if (request.signal?.aborted) return request.signal.reason;
      if (timeout.aborted) return new EgressError("timeout", `no answer within ${request.timeoutMs} ms`, error);
      if (error instanceof EgressError) return error;
      return new EgressError("unreachable", error instanceof Error ? error.message : String(error), error);
    };

    const method = request.method ?? "GET";
    const hops = method === "GET" ? (request.maxRedirects ?? DEFAULT_REDIRECTS) : 0;
    let text = first;
    let headers = request.headers ?? {};
    try {
      for (let hop = 0; ; hop += 1) {
        const { url, host, port } = parseEgressUrl(text);
        const addresses = await abortable(policy.addressesOf(host, port), signal);
        const response = await connect(url, { host, addresses, method, headers, body: request.body, signal });
        const location = response.headers.location;
        const status = response.statusCode ?? 0;
        if (method !== "GET" || location === undefined || !REDIRECTS.has(status)) {
          return toReply(response, { url, status, request, explain });
        }
        response.destroy();
        if (hop >= hops) throw new EgressError("too-many-redirects", `more than ${hops} redirects`);
        text = resolveLocation(location, url);
        if (request.mayFollow?.(text) === false) throw new EgressError("refused-redirect", `a redirect to ${text}`);
        if (new URL(text).origin !== url.origin) headers = keepHarmless(headers);
      }
    } catch (error) {
      throw explain(error);
    }
  };
}

function toReply(
  response: IncomingMessage,
  { url, status, request, explain }: { url: URL; status: number; request: EgressRequest; explain: (error: unknown) => unknown },
): EgressReply {
  const mediaType = (response.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  if (request.accepts && status >= 200 && status < 300 && !request.accepts(mediaType)) {
    response.destroy();
    throw new EgressError("refused-type", `the content is ${mediaType === "" ? "of no type" : mediaType}`);
  }
  const body = readLimited(response, { maxBytes: request.maxBytes, explain });
  return { url: url.href, status, headers: response.headers, mediaType, body, close: () => void response.destroy() };
}

interface Connection {
  readonly host: string;
  readonly addresses: readonly ResolvedAddress[];
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
  readonly signal: AbortSignal;
}

function connect(url: URL, { host, addresses, method, headers, body, signal }: Connection): Promise<IncomingMessage> {
  // Asked in place of the system's resolver: the name is never resolved a second time.
  const lookup: LookupFunction = (_name, options, callback) => {
    const [one] = addresses;
    if (options.all) callback(null, [...addresses]);
    else callback(null, one?.address ?? "", one?.family);
  };
  return new Promise((resolve, reject) => {
    const send = url.protocol === "https:" ? httpsRequest : httpRequest;
    const outgoing = send(url.href, {
      method,
      lookup,
      // Each request has its own connection: a kept one could lead where an earlier name led.
      agent: false,
      signal,
      headers: {
        accept: "*/*",
        "accept-encoding": "gzip, deflate, br",
        ...headers,
        ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }),
      },
    });
    outgoing.on("socket", (socket) => {
      // Holds even where a later Node asks another resolver than `lookup`.
      socket.once("connect", () => {
        const reached = socket.remoteAddress ?? "";
        if (addresses.some(({ address }) => address === reached)) return;
        outgoing.destroy(new EgressError("refused-address", `${host} led to ${reached}, which was not checked`));
      });
    });
    outgoing.on("response", resolve);
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

function resolveLocation(location: string, base: URL): string {
  if (!URL.canParse(location, base.href)) throw new EgressError("refused-url", "a redirect to what is no URL");
  const target = new URL(location, base);
  // An absolute one is parsed as it was written, so that odd spellings are seen.
  return URL.canParse(location) ? location : target.href;
}

function keepHarmless(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => KEPT_ACROSS_ORIGINS.has(name.toLowerCase())));
}

function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
