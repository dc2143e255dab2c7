import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { BlockList } from "node:net";
import { Readable } from "node:stream";
import type { AdminPrincipal, Authenticator, Principal } from "../../auth/principal.ts";
import type { AdminRequest, Endpoint, MadeReply, SessionRequest, WorkspaceRequest } from "../../endpoints/define-endpoint.ts";
import type { EndpointDeps } from "../../endpoints/deps.ts";
import type { FailureLog } from "../../ledger/create-failure-log.ts";
import { formatStreamPart } from "../../endpoints/format-stream-part.ts";
import { firstOf } from "../../endpoints/shared/first-of.ts";
import { readCookie, sessionCookieName } from "../../endpoints/shared/session-cookie.ts";
import { createServerTiming, type ServerTiming } from "../../endpoints/server-timing.ts";
import { CLIENT_CLOSED } from "../../platform/client-closed.ts";
import { fail } from "../../platform/fail.ts";
import { newId } from "../../platform/ids.ts";
import { toAdminPrincipal } from "../../sign-in/to-admin-principal.ts";
import { requireRecentAuthentication, type SessionPrincipal } from "../../sign-in/sessions.ts";
import { ClientGone, errorHeaders, toErrorEnvelope, toFailure } from "../error-reply.ts";
import { checkBodyHeaders, openUpload, parseJson, readBody } from "../read-body.ts";
import { takeLateReply } from "../take-late-reply.ts";
import { topicOf } from "../topic-of.ts";
import { type StreamTimes, writeStream } from "../write-stream.ts";
import { corsHeaders } from "./cors.ts";
import { networkAddressOf } from "./network-address.ts";
import { hasSecret, hasVersion, readBetas, readSecret, readVersion } from "./read-headers.ts";
import { originOf, refuseOtherOrigins } from "./same-origin.ts";

export interface DoorDeps extends EndpointDeps {
  readonly authenticator: Authenticator;
  readonly failures: Pick<FailureLog, "add">;
}

export interface DoorOptions extends StreamTimes {
  /** Lets other machines read endpoints of permission "local". */
  readonly openLocalEndpoints: boolean;
  /** Whose `X-Forwarded-For` counts. */
  readonly trustedProxies: BlockList;
}

/** The state of the server that each request asks for. */
export interface Drain {
  /** True once the server takes no new requests. */
  readonly isDraining: () => boolean;
  /** Registers a request that is under way, to be aborted with a failure when the drain is over. Returns how to leave. */
  enter(controller: AbortController): () => void;
}

/** One request on the wire, from arrival to its last byte. */
export interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly requestId: string;
  readonly arrivedAtMs: number;
  readonly timing: ServerTiming;
  /** Headers of every reply; the principal's organization joins them after authentication. */
  readonly headers: Record<string, string>;
  readonly signal: AbortSignal;
  readonly path: string;
  /** Whose limits the reply tells, once they are known. */
  principal: Principal | null;
  /** The class of model that the request concerns, whose limits are told. */
  modelClass: string | null;
  /** What the log of requests says of it, should it fail; null: it does not belong there. */
  logged: { model: string | null } | null;
  /** What is on its way once headers are sent: a failure in an event stream is an event, elsewhere the connection is cut. */
  replyKind: MadeReply["kind"] | null;
}

const HEADERS_MAX = 128;
/** One of the family, which is told as a whole. */
const LIMIT_HEADER = "anthropic-ratelimit-requests-limit";
/** Of endpoints that take none, which never read it. */
const NO_UPLOAD = Readable.from([]);
/** Made once: the stack trace of an error a request costs 0.1 ms. */
const EXCHANGE_OVER = new ClientGone("closed");

/** Runs `work` for one request and sees to everything around it: ids, errors, a vanished client, logs and metrics. */
export async function serveExchange(
  deps: DoorDeps,
  drain: Drain,
  at: { incoming: IncomingMessage; outgoing: ServerResponse; path: string; name: string },
  work: (exchange: Exchange) => Promise<void>,
): Promise<void> {
  const { incoming, outgoing, path, name } = at;
  const controller = new AbortController();
  const leave = drain.enter(controller);
  outgoing.once("close", () => {
    if (!outgoing.writableFinished) controller.abort(new ClientGone("closed"));
  });
  const requestId = newId("req");
  const exchange: Exchange = {
    incoming,
    outgoing,
    requestId,
    path,
    arrivedAtMs: deps.clock.monotonicMs(),
    timing: createServerTiming(),
    headers: { "request-id": requestId, ...corsHeaders(incoming.headers) },
    signal: controller.signal,
    principal: null,
    modelClass: null,
    logged: null,
    replyKind: null,
  };
  let error: unknown;
  try {
    if (drain.isDraining()) {
      exchange.headers["connection"] = "close";
      throw fail("overloaded_error", { public: "The server is shutting down." });
    }
    if (incoming.rawHeaders.length > HEADERS_MAX * 2) {
      throw fail("invalid_request_error", { public: `A request may have ${HEADERS_MAX} headers at most.` });
    }
    await work(exchange);
  } catch (thrown) {
    error = thrown;
    await sendError(deps, exchange, thrown);
  } finally {
    leave();
    // Whatever was begun for this request and is still listening (a stream that was never read) ends here.
    controller.abort(EXCHANGE_OVER);
    finish(deps, exchange, name, error);
  }
}

/** Authenticates, reads, hands over and replies. */
export async function serveEndpoint(
  endpoint: Endpoint,
  exchange: Exchange,
  params: Readonly<Record<string, string>>,
  deps: DoorDeps,
  options: DoorOptions,
): Promise<void> {
  const { incoming, timing } = exchange;
  if (endpoint.permission === "local" && !options.openLocalEndpoints && !isLocal(incoming)) {
    throw fail("not_found_error", { public: `Not Found: ${incoming.method} ${exchange.path}` });
  }
  if (endpoint.isLogged) exchange.logged = { model: null };
  const sized = endpoint.body ?? endpoint.upload;
  if (sized) checkBodyHeaders(incoming, sized.maxBytes);
  const { permission } = endpoint;
  if (permission === "console" || permission === "session") refuseOtherOrigins(incoming);
  const principal = permission === "workspace" ? await authenticate(exchange, deps) : null;
  const signedIn = permission === "session" ? await resolveSession(exchange, deps) : null;
  const admin = permission === "admin" ? await authenticateAdmin(endpoint, exchange, deps) : null;
  const query = new URLSearchParams(incoming.url?.split("?", 2)[1] ?? "");
  refuseNul(exchange, params, query);
  const betas = readBetas(incoming.headers);
  const protocol = {
    version:
      (hasSecret(incoming.headers) || hasVersion(incoming.headers)) && (principal || admin)
        ? readVersion(incoming.headers)
        : ("2026-10-21" as const),
    betas,
    isBeta: betas.length > 0 || query.get("beta") === "true",
  };
  const bodyBytes = endpoint.body ? await readBody(incoming, endpoint.body.maxBytes, exchange.signal) : Buffer.alloc(0);
  const json = endpoint.body ? parseJson(bodyBytes) : undefined;
  if (exchange.logged) exchange.logged.model = modelOf(json);
  const body = endpoint.body ? endpoint.body.parse(json, protocol) : undefined;
  // What a workspace sends is for models, or checked where it is stored.
  if (permission !== "workspace") refuseNulIn(body, "");
  const request: Omit<EndpointAnyRequest, keyof Callers> & Callers = {
    ...protocol,
    requestId: exchange.requestId,
    path: exchange.path,
    params,
    query,
    headers: incoming.headers,
    networkAddress: networkAddressOf(incoming, options.trustedProxies),
    origin: originOf(incoming),
    body,
    bodyBytes,
    upload: endpoint.upload ? openUpload(incoming, endpoint.upload.maxBytes, exchange.signal) : NO_UPLOAD,
    arrivedAtMs: exchange.arrivedAtMs,
    timing,
    setHeaders: (headers) => void Object.assign(exchange.headers, headers),
    setModelClass: (modelClass) => {
      exchange.modelClass = modelClass;
    },
    signal: exchange.signal,
    principal,
    admin,
    session: signedIn?.session ?? null,
    sessionToken: signedIn?.token ?? null,
  };
  // The permission is what makes a caller there: `defineEndpoint` types the handler by the same.
  const handled = await endpoint.handle(request as EndpointAnyRequest, deps);
  const reply = handled.kind === "late" ? await takeLateReply(handled, options.openAfterMs) : handled;
  const limits = await limitHeaders(deps, exchange, reply.headers);
  await sendReply(reply, limits, exchange, options);
}

/** Of a body that is not checked yet. */
function modelOf(json: unknown): string | null {
  const model = typeof json === "object" && json !== null && "model" in json ? json.model : null;
  return typeof model === "string" ? model : null;
}

/** PostgreSQL has no text with a NUL: such an id names nothing, and such a filter asks for nothing that could be. */
function refuseNul({ incoming, path }: Exchange, params: Readonly<Record<string, string>>, query: URLSearchParams): void {
  if (Object.values(params).some((value) => value.includes("\0"))) {
    throw fail("not_found_error", { public: `Not Found: ${incoming.method} ${path}` });
  }
  for (const [name, value] of query) {
    if (`${name}${value}`.includes("\0")) {
      throw fail("invalid_request_error", { public: `${name.replaceAll("\0", "")}: Input should not contain NUL` });
    }
  }
}

/** The same for the texts of a body, whose schema has bounded its depth. */
function refuseNulIn(value: unknown, path: string): void {
  if (typeof value === "string" && value.includes("\0")) {
    throw fail("invalid_request_error", { public: `${path}: Input should not contain NUL` });
  }
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    const at = path === "" ? key : `${path}.${key}`;
    refuseNulIn(key, path);
    refuseNulIn(inner, at);
  }
}

type EndpointAnyRequest = WorkspaceRequest & AdminRequest & SessionRequest;

/** Who calls; which of them is there follows from the endpoint's permission. */
interface Callers {
  readonly principal: Principal | null;
  readonly admin: AdminPrincipal | null;
  readonly session: SessionPrincipal | null;
  readonly sessionToken: string | null;
}

async function resolveSession(
  exchange: Exchange,
  { accounts }: DoorDeps,
): Promise<{ readonly session: SessionPrincipal; readonly token: string }> {
  const token = sessionTokenOf(exchange.incoming);
  if (token === null) throw fail("authentication_error", { public: "Sign in first." });
  const session = await accounts.sessions.resolve(token);
  exchange.headers["anthropic-organization-id"] = session.organizationId;
  return { session, token };
}

/** With an admin key, or as a signed-in administrator. */
async function authenticateAdmin(endpoint: Endpoint, exchange: Exchange, deps: DoorDeps): Promise<AdminPrincipal> {
  const { authenticator, clock } = deps;
  const { incoming, headers, timing } = exchange;
  const begunAtMs = clock.monotonicMs();
  if (hasSession(incoming)) {
    refuseOtherOrigins(incoming);
    const { session } = await resolveSession(exchange, deps);
    timing.add("auth", clock.monotonicMs() - begunAtMs);
    const admin = toAdminPrincipal(session);
    if (endpoint.asksAgain) requireRecentAuthentication(session, clock.nowMs());
    return admin;
  }
  const admin = await authenticator.authenticateAdmin(readSecret(incoming.headers));
  timing.add("auth", clock.monotonicMs() - begunAtMs);
  headers["anthropic-organization-id"] = admin.organizationId;
  return admin;
}

/** Every reply to somebody known tells the limits. They are read here unless a reservation has read them already. */
async function limitHeaders(
  { limiter }: DoorDeps,
  { principal, modelClass, headers }: Exchange,
  replyHeaders: Readonly<Record<string, string>> = {},
): Promise<Readonly<Record<string, string>>> {
  const areTold = [headers, replyHeaders].some((each) => LIMIT_HEADER in each);
  return principal === null || areTold ? {} : await limiter.headers(principal, modelClass);
}

/** With an API key, or as a signed-in person who names the workspace. */
async function authenticate(exchange: Exchange, deps: DoorDeps): Promise<Principal> {
  const { authenticator, accounts, clock } = deps;
  const { incoming, headers, timing } = exchange;
  const begunAtMs = clock.monotonicMs();
  const workspace = firstOf(incoming.headers["anthropic-workspace-id"]);
  let principal: Principal;
  if (hasSession(incoming)) {
    refuseOtherOrigins(incoming);
    const { session } = await resolveSession(exchange, deps);
    principal = await accounts.toWorkspacePrincipal(session, workspace);
  } else principal = await authenticator.authenticate(readSecret(incoming.headers));
  timing.add("auth", clock.monotonicMs() - begunAtMs);
  headers["anthropic-organization-id"] = principal.organizationId;
  exchange.principal = principal;
  if (workspace !== null && workspace !== principal.workspaceId) {
    throw fail("permission_error", { public: "anthropic-workspace-id: this API key belongs to another workspace." });
  }
  headers["anthropic-workspace-id"] = principal.workspaceId;
  return principal;
}

/** A cookie counts only where no key is presented: what a client says expressly goes first. */
function hasSession(incoming: IncomingMessage): boolean {
  return !hasSecret(incoming.headers) && sessionTokenOf(incoming) !== null;
}

function sessionTokenOf(incoming: IncomingMessage): string | null {
  return readCookie(incoming.headers.cookie, sessionCookieName(originOf(incoming)));
}

async function sendReply(
  reply: MadeReply,
  limits: Readonly<Record<string, string>>,
  exchange: Exchange,
  options: DoorOptions,
): Promise<void> {
  const { outgoing, headers, timing, signal } = exchange;
  exchange.replyKind = reply.kind;
  const timings = timing.header();
  const all = () => ({ ...headers, ...limits, ...(timings === "" ? {} : { "server-timing": timings }), ...reply.headers });
  switch (reply.kind) {
    case "json":
      sendWhole(outgoing, reply.status ?? 200, all(), "application/json", JSON.stringify(reply.body));
      return;
    case "raw":
      sendWhole(outgoing, reply.status ?? 200, all(), reply.contentType, reply.body);
      return;
    case "bytes":
      await sendBytes(outgoing, reply, all(), signal);
      return;
    case "stream":
      if (reply.ready) await settled(reply.ready, options.openAfterMs);
      // The first event may have added to them.
      outgoing.writeHead(200, {
        ...all(),
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache",
        // Reverse proxies that buffer would hold the events back.
        "x-accel-buffering": "no",
      });
      outgoing.flushHeaders();
      await writeStream(outgoing, reply.parts, signal, options);
      outgoing.end();
      return;
    default:
      reply satisfies never;
  }
}

/** Waits for `ready` and throws what it rejects with, but not for longer than `ms`. */
async function settled(ready: Promise<unknown>, ms: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([ready, late]).finally(() => clearTimeout(timer));
}

function sendWhole(
  outgoing: ServerResponse,
  status: number,
  headers: Record<string, string>,
  contentType: string,
  body: string | Uint8Array,
): void {
  if (outgoing.destroyed) return;
  outgoing.writeHead(status, { ...headers, "content-type": contentType, "content-length": String(Buffer.byteLength(body)) });
  outgoing.end(body);
}

async function sendBytes(
  outgoing: ServerResponse,
  reply: Extract<MadeReply, { kind: "bytes" }>,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<void> {
  const source = Readable.from(reply.body);
  try {
    // The first bytes decide whether it is a reply or an error.
    const reader = source[Symbol.asyncIterator]() as AsyncIterableIterator<Uint8Array>;
    let next = await reader.next();
    outgoing.writeHead(reply.status ?? 200, { ...headers, "content-type": reply.contentType });
    while (!next.done) {
      if (!outgoing.write(next.value)) await once(outgoing, "drain", { signal });
      next = await reader.next();
    }
    outgoing.end();
  } finally {
    source.destroy();
  }
}

/** An error reply, or the `error` event of a stream that has begun. */
async function sendError(deps: DoorDeps, exchange: Exchange, thrown: unknown): Promise<void> {
  const { outgoing, headers, timing, requestId } = exchange;
  if (thrown instanceof ClientGone) {
    deps.metrics.clientGone(thrown.reason);
    outgoing.destroy();
    return;
  }
  const failure = toFailure(thrown);
  const envelope = toErrorEnvelope(failure, requestId);
  if (outgoing.headersSent) {
    if (exchange.replyKind === "stream") outgoing.end(formatStreamPart({ event: "error", data: envelope }));
    // Half a file must not look like a whole one.
    else outgoing.destroy();
    return;
  }
  const timings = timing.header();
  const own = errorHeaders(failure);
  // An error is told also while nobody can say what the limits are.
  const limits = await limitHeaders(deps, exchange, own).catch(() => ({}));
  const all = { ...headers, ...limits, ...(timings === "" ? {} : { "server-timing": timings }), ...own };
  sendWhole(outgoing, failure.status, all, "application/json", JSON.stringify(envelope));
}

function finish(deps: DoorDeps, exchange: Exchange, name: string, error: unknown): void {
  const { incoming, outgoing, requestId } = exchange;
  const durationMs = deps.clock.monotonicMs() - exchange.arrivedAtMs;
  const isGone = error instanceof ClientGone;
  // 499 is what proxies log for a client that left; it is never sent.
  const status = isGone ? 499 : outgoing.statusCode;
  deps.metrics.httpRequest({ endpoint: name, method: incoming.method ?? "", status, durationMs });
  if (error === undefined && incoming.method !== "GET") noteChange(deps, exchange, name);
  const line = { requestId, endpoint: name, status, durationMs: Math.round(durationMs * 100) / 100 };
  if (error !== undefined) logFailure(deps, exchange, { error, status, durationMs });
  if (error === undefined || isGone) deps.log.info(line, "request");
  else {
    const failure = toFailure(error);
    if (failure.status >= 500) deps.log.error({ ...line, err: error }, "request failed");
    else deps.log.info({ ...line, errorType: failure.type }, "request refused");
  }
}

/** Tells the open pages of the organization. */
function noteChange({ changes }: DoorDeps, { headers }: Exchange, name: string): void {
  const topic = topicOf(name);
  const organizationId = headers["anthropic-organization-id"];
  if (topic !== null && organizationId !== undefined) changes.note(organizationId, topic);
}

/** For the log of requests, where it is one of somebody known. */
function logFailure(
  { failures }: DoorDeps,
  { principal, logged, requestId, timing }: Exchange,
  { error, status, durationMs }: { readonly error: unknown; readonly status: number; readonly durationMs: number },
): void {
  if (principal === null || logged === null) return;
  const about = { requestId, principal, model: logged.model, status, durationMs, authMs: timing.read("auth") };
  if (error instanceof ClientGone) {
    failures.add({ ...about, type: CLIENT_CLOSED, message: "The client left before the reply was complete." });
    return;
  }
  const { type, publicMessage, status: failedWith } = toFailure(error);
  // A stream that had begun answered 200; what failed is told by its error event.
  failures.add({ ...about, status: failedWith, type, message: publicMessage });
}

/** From this machine, and not through a proxy that speaks for another. */
function isLocal(incoming: IncomingMessage): boolean {
  const address = incoming.socket.remoteAddress ?? "";
  const isLoopback = address === "::1" || address.startsWith("127.") || address.startsWith("::ffff:127.");
  return isLoopback && incoming.headers["x-forwarded-for"] === undefined && incoming.headers.forwarded === undefined;
}
