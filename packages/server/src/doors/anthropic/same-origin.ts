import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import { fail } from "../../platform/fail.ts";

/**
 * What stands before the path in the client's own URL. A proxy that ends TLS says so in `X-Forwarded-Proto`. Only this client
 * is told, so its own word is good enough.
 */
export function originOf({ headers, socket }: IncomingMessage): string {
  const isTls = (socket as Partial<TLSSocket>).encrypted === true || headers["x-forwarded-proto"] === "https";
  const written = `${isTls ? "https" : "http"}://${headers.host ?? "localhost"}`;
  if (lastOrigin.written !== written) {
    lastOrigin = { written, origin: URL.canParse(written) ? new URL(written).origin : "http://localhost" };
  }
  return lastOrigin.origin;
}

/** Nearly all clients use one address, and every request asks. */
let lastOrigin = { written: "", origin: "" };

/**
 * A page of another site may not act with this browser's cookie. Browsers say where a request comes from in
 * `Sec-Fetch-Site`, older ones in `Origin`; what says neither is no browser, and has its cookie from nobody else.
 */
export function refuseOtherOrigins(incoming: IncomingMessage): void {
  const { headers, method } = incoming;
  if (method === "GET" || method === "HEAD") return;
  const site = headers["sec-fetch-site"];
  const isOurs =
    site === undefined ? headers.origin === undefined || sameHost(headers.origin, headers.host) : site === "same-origin";
  if (!isOurs) throw fail("permission_error", { public: "Requests with a session must come from the Console's own pages." });
}

function sameHost(origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && new URL(origin).host === host;
}
