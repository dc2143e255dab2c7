import type { IncomingMessage, ServerResponse } from "node:http";
import type { BlockList } from "node:net";
import type { Authenticator, Principal } from "../auth/principal.ts";
import type { MadeReply } from "../endpoints/define-endpoint.ts";
import type { EndpointDeps } from "../endpoints/deps.ts";
import { createServerTiming, type ServerTiming } from "../endpoints/server-timing.ts";
import type { FailureLog } from "../ledger/create-failure-log.ts";
import { CLIENT_CLOSED } from "../platform/client-closed.ts";
import { fail } from "../platform/fail.ts";
import { newId } from "../platform/ids.ts";
import { corsHeaders } from "./anthropic/cors.ts";
import { ClientGone, errorHeaders, toFailure } from "./error-reply.ts";
import { nativeManner, type ReplyManner } from "./reply-manner.ts";
import { sendWhole } from "./send-reply.ts";
import { topicOf } from "./topic-of.ts";
import type { StreamTimes } from "./write-stream.ts";

export interface DoorDeps extends EndpointDeps {
  readonly authenticator: Authenticator;
  readonly failures: Pick<FailureLog, "add">;
}

export interface DoorOptions extends StreamTimes {
  /** Other machines that may read endpoints of permission "local". */
  readonly localNetworks: BlockList;
  /** Whose `X-Forwarded-For` counts. */
  readonly trustedProxies: BlockList;
}

/** The state of the server that each request asks for. */
export interface Drain {
  /** True once the server was told to stop. */
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
  readonly manner: ReplyManner;
  /** What the body must hash to, where its sender signed that. */
  bodySha256: string | null;
  /** Whose limits the reply tells, once they are known. */
  principal: Principal | null;
  /** The class of model that the request concerns, whose limits are told. */
  modelClass: string | null;
  /** Of the turn that it began, where that is traced. */
  traceparent: string | undefined;
  /** What the log of requests says of it, should it fail; null: it does not belong there. */
  logged: { model: string | null } | null;
  /** What is on its way once headers are sent: a failure in an event stream is an event, elsewhere the connection is cut. */
  replyKind: MadeReply["kind"] | null;
}

const HEADERS_MAX = 128;
/** One of the family, which is told as a whole. */
const LIMIT_HEADER = "anthropic-ratelimit-requests-limit";
/** Made once: the stack trace of an error a request costs 0.1 ms. */
const EXCHANGE_OVER = new ClientGone("closed");

/** Runs `work` for one request and sees to everything around it: ids, errors, a vanished client, logs and metrics. */
export async function serveExchange(
  deps: DoorDeps,
  drain: Drain,
  at: { incoming: IncomingMessage; outgoing: ServerResponse; path: string; name: string; manner?: ReplyManner },
  work: (exchange: Exchange) => Promise<void>,
): Promise<void> {
  const { incoming, outgoing, path, name, manner = nativeManner } = at;
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
    manner,
    arrivedAtMs: deps.clock.monotonicMs(),
    timing: createServerTiming(),
    headers: { ...manner.headers(requestId), ...corsHeaders(incoming.headers) },
    signal: controller.signal,
    bodySha256: null,
    principal: null,
    modelClass: null,
    traceparent: undefined,
    logged: null,
    replyKind: null,
  };
  let error: unknown;
  try {
    // Whoever asks again does so elsewhere. This one came before its sender could know, and need not.
    if (drain.isDraining()) exchange.headers["connection"] = "close";
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

/** Every reply to somebody known tells the limits. They are read here unless a reservation has read them already. */
export async function limitHeaders(
  { limiter }: DoorDeps,
  { principal, modelClass, headers }: Exchange,
  replyHeaders: Readonly<Record<string, string>> = {},
): Promise<Readonly<Record<string, string>>> {
  const areTold = [headers, replyHeaders].some((each) => LIMIT_HEADER in each);
  return principal === null || areTold ? {} : await limiter.headers(principal, modelClass);
}

/** An error reply, or the `error` event of a stream that has begun. */
async function sendError(deps: DoorDeps, exchange: Exchange, thrown: unknown): Promise<void> {
  const { outgoing, headers, timing, requestId, manner } = exchange;
  if (thrown instanceof ClientGone) {
    deps.metrics.clientGone(thrown.reason);
    outgoing.destroy();
    return;
  }
  const failure = toFailure(thrown);
  if (outgoing.headersSent) {
    if (exchange.replyKind === "stream") outgoing.end(manner.frameFailure(failure, requestId));
    // Half a file must not look like a whole one.
    else outgoing.destroy();
    return;
  }
  const timings = timing.header();
  const own = errorHeaders(failure);
  // An error is told also while nobody can say what the limits are.
  const limits = await limitHeaders(deps, exchange, own).catch(() => ({}));
  const reply = manner.toErrorReply(failure, requestId);
  const all = { ...headers, ...limits, ...(timings === "" ? {} : { "server-timing": timings }), ...own, ...reply.headers };
  sendWhole(outgoing, reply.status, all, "application/json", JSON.stringify(reply.body));
}

function finish(deps: DoorDeps, exchange: Exchange, name: string, error: unknown): void {
  const { incoming, outgoing, requestId } = exchange;
  const durationMs = deps.clock.monotonicMs() - exchange.arrivedAtMs;
  const isGone = error instanceof ClientGone;
  // 499 is what proxies log for a client that left; it is never sent.
  const status = isGone ? 499 : outgoing.statusCode;
  deps.metrics.httpRequest({ endpoint: name, method: incoming.method ?? "", status, durationMs }, exchange);
  if (exchange.principal !== null) deps.metrics.workspaceRequest(exchange.principal, outcomeOf(error));
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

function outcomeOf(error: unknown): string {
  if (error === undefined) return "completed";
  return error instanceof ClientGone ? CLIENT_CLOSED : toFailure(error).type;
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
