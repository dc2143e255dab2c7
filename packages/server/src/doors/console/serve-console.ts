import type { IncomingMessage, ServerResponse } from "node:http";
import type { ConsoleFile, ConsoleFiles } from "./load-console-files.ts";

/**
 * Nothing but the Console's own files, and nothing inline: what a model writes cannot run, load or send anything, even where
 * a page had a hole. Styles that scripts set on elements are not inline styles to a browser.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const CONSOLE_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

const ROOT = "/console";
const YEAR_SECONDS = 31_536_000;

/** Answers what is for the Console's pages; false leaves the request to the next. `/console/api/…` belongs to endpoints. */
export function serveConsole(files: ConsoleFiles, incoming: IncomingMessage, outgoing: ServerResponse): boolean {
  const { method, headers } = incoming;
  if (method !== "GET" && method !== "HEAD") return false;
  const path = (incoming.url ?? "/").split(/[?#]/, 1)[0] ?? "/";
  if (path === ROOT || (path === "/" && headers.accept?.includes("text/html"))) {
    outgoing.writeHead(302, { ...CONSOLE_HEADERS, location: `${ROOT}/`, "content-length": "0" }).end();
    return true;
  }
  if (!path.startsWith(`${ROOT}/`) || path.startsWith(`${ROOT}/api/`)) return false;
  const name = path.slice(ROOT.length + 1);
  const file = files.get(name) ?? (isPage(name) ? files.get("index.html") : undefined);
  if (file) sendFile(file, incoming, outgoing);
  else sendNotFound(outgoing);
  return true;
}

/** A path of the router in the browser, not of a file that is not there. */
function isPage(name: string): boolean {
  return !name.startsWith("assets/") && !/\.[a-z0-9]+$/i.test(name);
}

function sendFile(file: ConsoleFile, { method, headers }: IncomingMessage, outgoing: ServerResponse): void {
  const encoding = chooseEncoding(file, headers["accept-encoding"]);
  const bytes = encoding === null ? file.bytes : encoding === "br" ? file.brotli! : file.gzip!;
  const etag = encoding === null ? file.etag : `${file.etag.slice(0, -1)}-${encoding}"`;
  const common = {
    ...CONSOLE_HEADERS,
    "cache-control": file.isImmutable ? `public, max-age=${YEAR_SECONDS}, immutable` : "no-cache",
    etag,
    vary: "accept-encoding",
  };
  if (headers["if-none-match"]?.split(",").some((each) => each.trim().replace(/^W\//, "") === etag)) {
    outgoing.writeHead(304, common).end();
    return;
  }
  outgoing.writeHead(200, {
    ...common,
    "content-type": file.contentType,
    "content-length": String(bytes.length),
    ...(encoding === null ? {} : { "content-encoding": encoding }),
  });
  outgoing.end(method === "HEAD" ? undefined : bytes);
}

function chooseEncoding(file: ConsoleFile, accepted: string | string[] | undefined): "br" | "gzip" | null {
  const offers = new Set(
    String(accepted ?? "")
      .toLowerCase()
      .split(",")
      .filter((offer) => !/;\s*q=0(\.0*)?\s*$/.test(offer))
      .map((offer) => offer.split(";", 1)[0]?.trim()),
  );
  if (file.brotli && offers.has("br")) return "br";
  if (file.gzip && offers.has("gzip")) return "gzip";
  return null;
}

function sendNotFound(outgoing: ServerResponse): void {
  const body = "Not found\n";
  outgoing.writeHead(404, {
    ...CONSOLE_HEADERS,
    "cache-control": "no-store",
    "content-type": "text/plain; charset=utf-8",
    "content-length": String(body.length),
  });
  outgoing.end(body);
}
