import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { Hono } from "hono";
import type { Endpoint } from "../../endpoints/define-endpoint.ts";
import { fail } from "../../platform/fail.ts";
import { preflightHeaders } from "./cors.ts";
import { methodsAt, normalizePath, unknownPath } from "./find-route.ts";
import { type DoorDeps, type DoorOptions, type Drain, serveExchange } from "../exchange.ts";
import { serveEndpoint } from "./serve-endpoint.ts";

export interface AppOptions {
  readonly endpoints: readonly Endpoint[];
  readonly deps: DoorDeps;
  readonly drain: Drain;
  readonly options: DoorOptions;
}

/** The Anthropic door: Hono finds the route; replies are written to the raw response, streams and errors alike. */
export function createApp({ endpoints, deps, drain, options }: AppOptions): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>({ getPath: (request) => normalizePath(pathOf(request.url)) });

  for (const endpoint of endpoints) {
    app.on(endpoint.method, endpoint.path, async (c) => {
      await serveExchange(deps, drain, { ...c.env, path: c.req.path, name: endpoint.name }, (exchange) =>
        serveEndpoint(endpoint, exchange, c.req.param() as Record<string, string>, deps, options),
      );
      return RESPONSE_ALREADY_SENT;
    });
  }

  app.on("OPTIONS", "*", (c) => {
    const allow = ["OPTIONS", ...methodsAt(c.req.path, endpoints)].join(", ");
    c.env.outgoing.writeHead(204, { allow, ...preflightHeaders(c.env.incoming.headers) }).end();
    return RESPONSE_ALREADY_SENT;
  });

  app.notFound(async (c) => {
    const { path, method } = c.req;
    await serveExchange(deps, drain, { ...c.env, path, name: "unknown" }, async ({ headers, outgoing }) => {
      const methods = methodsAt(path, endpoints);
      if (methods.length === 0) throw unknownPath(method, path, endpoints);
      headers["allow"] = methods.join(", ");
      // The platform's error types have none for 405; the status line says it.
      sendMethodNotAllowed(outgoing, headers, `${method} is not allowed at ${path}; use ${methods.join(" or ")}.`);
    });
    return RESPONSE_ALREADY_SENT;
  });

  app.onError((error) => {
    // Handlers answer their own errors; what comes here is a fault of the door itself.
    deps.log.error({ err: error }, "the door failed");
    return Response.json(
      { type: "error", error: { type: "api_error", message: "Internal server error" }, request_id: null },
      { status: 500 },
    );
  });

  return app;
}

const METHOD_NOT_ALLOWED = 405;

function sendMethodNotAllowed(outgoing: HttpBindings["outgoing"], headers: Record<string, string>, message: string): void {
  const failure = fail("invalid_request_error", { public: message });
  const body = JSON.stringify({
    type: "error",
    error: { type: failure.type, message: failure.publicMessage },
    request_id: headers["request-id"],
  });
  outgoing.writeHead(METHOD_NOT_ALLOWED, {
    ...headers,
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(body)),
  });
  outgoing.end(body);
}

/** The path of an absolute URL without parsing the rest of it. */
function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  if (start < 0) return "/";
  const end = url.slice(start).search(/[?#]/);
  return end < 0 ? url.slice(start) : url.slice(start, start + end);
}
