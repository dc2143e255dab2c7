import type { ErrorType } from "@parley/wire";
import type { ParamStash, Router } from "hono/router";
import { RegExpRouter } from "hono/router/reg-exp-router";
import { SmartRouter } from "hono/router/smart-router";
import { TrieRouter } from "hono/router/trie-router";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Endpoint } from "../../endpoints/define-endpoint.ts";
import { fail } from "../../platform/fail.ts";
import { preflightHeaders } from "./cors.ts";
import { methodsAt, normalizePath, unknownPath } from "./find-route.ts";
import { type DoorDeps, type DoorOptions, type Drain, serveExchange } from "../exchange.ts";
import { sendWhole } from "../send-reply.ts";
import { serveEndpoint } from "./serve-endpoint.ts";

export interface ApiOptions {
  readonly endpoints: readonly Endpoint[];
  readonly deps: DoorDeps;
  readonly drain: Drain;
  readonly options: DoorOptions;
}

type Listener = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

/**
 * The Anthropic door. Hono's routers find the endpoint; the rest of it would make a `Request` and a `Response` of each exchange,
 * which nobody here reads or writes.
 */
export function createApi({ endpoints, deps, drain, options }: ApiOptions): Listener {
  const router: Router<Endpoint> = new SmartRouter({ routers: [new RegExpRouter(), new TrieRouter()] });
  for (const endpoint of endpoints) router.add(endpoint.method, endpoint.path, endpoint);

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const asked = pathOf(incoming.url ?? "");
    if (asked === null) return sendError(outgoing, 400, "invalid_request_error", "The request's URL is malformed.");
    const path = normalizePath(asked);
    const method = incoming.method ?? "";
    if (method === "OPTIONS") return sendPreflight(incoming, outgoing, methodsAt(path, endpoints));
    // HEAD is a GET whose body Node keeps back.
    const found = findEndpoint(router, method === "HEAD" ? "GET" : method, path);
    const at = { incoming, outgoing, path, name: found?.endpoint.name ?? "unknown" };
    await serveExchange(deps, drain, at, async (exchange) => {
      if (found !== null) return serveEndpoint(found.endpoint, exchange, found.params, deps, options);
      const methods = methodsAt(path, endpoints);
      if (methods.length === 0) throw unknownPath(method, path, endpoints);
      const { headers } = exchange;
      headers["allow"] = methods.join(", ");
      // The platform's error types have none for 405; the status line says it.
      sendMethodNotAllowed(outgoing, headers, `${method} is not allowed at ${path}; use ${methods.join(" or ")}.`);
    });
  }

  return (incoming, outgoing) => {
    answer(incoming, outgoing).catch((error: unknown) => {
      // Endpoints answer their own errors; what comes here is a fault of the door itself.
      deps.log.error({ err: error }, "the door failed");
      if (outgoing.headersSent) outgoing.destroy();
      else sendError(outgoing, 500, "api_error", "Internal server error");
    });
  };
}

type Matched = readonly [found: readonly (readonly [Endpoint, Readonly<Record<string, string | number>>])[], stash?: ParamStash];

interface FoundEndpoint {
  readonly endpoint: Endpoint;
  readonly params: Readonly<Record<string, string>>;
}

/** The first endpoint of the list that has this path. */
function findEndpoint(router: Router<Endpoint>, method: string, path: string): FoundEndpoint | null {
  const [[first], stash] = router.match(method, path) as Matched;
  if (first === undefined) return null;
  const [endpoint, places] = first;
  const params: Record<string, string> = {};
  for (const [name, place] of Object.entries(places)) {
    // One router says where a value stands, the other says the value.
    const value = typeof place === "number" ? stash?.[place] : place;
    if (value !== undefined) params[name] = decode(value);
  }
  return { endpoint, params };
}

/** As it stands where it is no encoding: such an id names nothing. */
function decode(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The path of a request's target, which may be a whole URL; null: it is neither. */
function pathOf(target: string): string | null {
  const start = target.startsWith("/") ? 0 : (/^https?:\/\/[^/?#]+/i.exec(target)?.[0].length ?? -1);
  if (start < 0) return null;
  const length = target.slice(start).search(/[?#]/);
  return (length < 0 ? target.slice(start) : target.slice(start, start + length)) || "/";
}

function sendPreflight({ headers }: IncomingMessage, outgoing: ServerResponse, methods: readonly string[]): void {
  outgoing.writeHead(204, { allow: ["OPTIONS", ...methods].join(", "), ...preflightHeaders(headers) }).end();
}

const METHOD_NOT_ALLOWED = 405;

function sendMethodNotAllowed(outgoing: ServerResponse, headers: Record<string, string>, message: string): void {
  const failure = fail("invalid_request_error", { public: message });
  const body = JSON.stringify({
    type: "error",
    error: { type: failure.type, message: failure.publicMessage },
    request_id: headers["request-id"],
  });
  sendWhole(outgoing, METHOD_NOT_ALLOWED, headers, "application/json", body);
}

/** Of a request that is no exchange: it has no id. */
function sendError(outgoing: ServerResponse, status: number, type: ErrorType, message: string): void {
  sendWhole(
    outgoing,
    status,
    {},
    "application/json",
    JSON.stringify({ type: "error", error: { type, message }, request_id: null }),
  );
}
