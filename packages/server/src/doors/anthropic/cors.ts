import type { IncomingHttpHeaders } from "node:http";

/** A browser may call only where the page says that it knows what it does, as on the platform. */
const ALLOWING_HEADER = "anthropic-dangerous-direct-browser-access";

const EXPOSED = [
  "request-id",
  "anthropic-organization-id",
  "retry-after",
  "x-should-retry",
  "server-timing",
  "idempotent-replayed",
  "parley-fallback",
  ...["requests", "tokens", "input-tokens", "output-tokens"].flatMap((what) =>
    ["limit", "remaining", "reset"].map((figure) => `anthropic-ratelimit-${what}-${figure}`),
  ),
].join(", ");

/** Headers for a reply that a page of another origin may read; none where CORS is not asked for. */
export function corsHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  if (headers.origin === undefined || headers[ALLOWING_HEADER] !== "true") return {};
  // Any origin may, as it has to bring a key: without credentials allowed, browsers send the Console's cookie to no such reply.
  return { "access-control-allow-origin": "*", "access-control-expose-headers": EXPOSED };
}

/** Headers for a preflight. Its own request carries only the names of the headers that will come. */
export function preflightHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const asked = (headers["access-control-request-headers"] ?? "").toLowerCase();
  if (headers.origin === undefined || !asked.split(",").some((name) => name.trim() === ALLOWING_HEADER)) return {};
  return {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, POST, DELETE",
    "access-control-allow-headers": asked,
    "access-control-max-age": "600",
  };
}
