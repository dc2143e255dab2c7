import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import type { AdminPrincipal, Principal } from "../../auth/principal.ts";
import type { AdminRequest, Endpoint, SessionRequest, WorkspaceRequest } from "../../endpoints/define-endpoint.ts";
import { readCookie, sessionCookieName } from "../../endpoints/shared/session-cookie.ts";
import { fail } from "../../platform/fail.ts";
import { toAdminPrincipal } from "../../sign-in/to-admin-principal.ts";
import { requireRecentAuthentication, type SessionPrincipal } from "../../sign-in/sessions.ts";
import { admit, namedWorkspace } from "../admit.ts";
import { authenticateOnAws } from "../aws/authenticate-on-aws.ts";
import { isSigned } from "../aws/parse-authorization.ts";
import { type DoorDeps, type DoorOptions, type Exchange, limitHeaders } from "../exchange.ts";
import { checkBodyHeaders, openUpload, parseJson, readBody as readBytes } from "../read-body.ts";
import { sendReply } from "../send-reply.ts";
import { takeLateReply } from "../take-late-reply.ts";
import { toEndpointRequest } from "../to-endpoint-request.ts";
import { isLocal } from "./network-address.ts";
import { hasSecret, hasVersion, readBetas, readSecret, readVersion } from "./read-headers.ts";
import { originOf, refuseOtherOrigins } from "./same-origin.ts";

/** Of endpoints that take none, which never read it. */
const NO_UPLOAD = Readable.from([]);
const NO_BYTES = Buffer.alloc(0);

/** Authenticates, reads, hands over and replies. */
export async function serveEndpoint(
  endpoint: Endpoint,
  exchange: Exchange,
  params: Readonly<Record<string, string>>,
  deps: DoorDeps,
  options: DoorOptions,
): Promise<void> {
  const { incoming } = exchange;
  if (endpoint.permission === "local" && !isLocal(incoming, options.localNetworks)) {
    throw fail("not_found_error", { public: `Not Found: ${incoming.method} ${exchange.path}` });
  }
  if (endpoint.isLogged) exchange.logged = { model: null };
  const sized = endpoint.body ?? endpoint.upload;
  if (sized) checkBodyHeaders(incoming, sized.maxBytes, { takesEncoded: endpoint.body?.format === "bytes" });
  const { permission } = endpoint;
  if (permission === "console" || permission === "session") refuseOtherOrigins(incoming);
  let reading: Promise<Buffer> | null = null;
  const readOnce = (): Promise<Buffer> => (reading ??= readWhole(endpoint, exchange));
  const principal = permission === "workspace" ? await authenticate(endpoint, exchange, deps, readOnce) : null;
  const signedIn = permission === "session" ? await resolveSession(exchange, deps) : null;
  const admin = permission === "admin" ? await authenticateAdmin(endpoint, exchange, deps) : null;
  const query = new URLSearchParams(incoming.url?.split("?", 2)[1] ?? "");
  refuseNul(exchange, params, query);
  const betas = readBetas(incoming.headers);
  const protocol = {
    version:
      !endpoint.isUnversioned && (hasSecret(incoming.headers) || hasVersion(incoming.headers)) && (principal || admin)
        ? readVersion(incoming.headers)
        : ("2026-10-21" as const),
    betas,
    isBeta: betas.length > 0 || query.get("beta") === "true",
  };
  const bodyBytes = await readOnce();
  const json = readFormat(endpoint, bodyBytes);
  if (exchange.logged) exchange.logged.model = modelOf(json);
  const body = endpoint.body ? endpoint.body.parse(json, protocol) : undefined;
  // What a workspace sends is for models, or checked where it is stored.
  if (permission !== "workspace") refuseNulIn(body, "");
  const request: Omit<EndpointAnyRequest, keyof Callers> & Callers = {
    ...toEndpointRequest(exchange, options, {
      ...protocol,
      params,
      query,
      body,
      bodyBytes,
      upload: endpoint.upload
        ? openUpload(incoming, { maxBytes: endpoint.upload.maxBytes, signal: exchange.signal, sha256: exchange.bodySha256 })
        : NO_UPLOAD,
    }),
    principal,
    admin,
    session: signedIn?.session ?? null,
    sessionToken: signedIn?.token ?? null,
  };
  // Whoever looks after an organization sees every turn that has ended here. Others, such as probes of a busy node's health, wait for nothing.
  if (permission === "admin" || permission === "session") await deps.ledger.caughtUp();
  // The permission is what makes a caller there: `defineEndpoint` types the handler by the same.
  const handled = await endpoint.handle(request as EndpointAnyRequest, deps);
  const reply = handled.kind === "late" ? await takeLateReply(handled, options.openAfterMs) : handled;
  const limits = await limitHeaders(deps, exchange, reply.headers);
  await sendReply(reply, limits, exchange, options);
}

function readFormat({ body }: Endpoint, bytes: Buffer): unknown {
  const format = body?.format ?? "json";
  if (!body || format === "bytes") return undefined;
  // Of a field that is there twice the last counts.
  return format === "form" ? Object.fromEntries(new URLSearchParams(bytes.toString("utf8"))) : parseJson(bytes);
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
    const admin = toAdminPrincipal(session, { forBilling: endpoint.forBilling === true });
    if (endpoint.asksAgain) requireRecentAuthentication(session, clock.nowMs());
    return admin;
  }
  const admin = await authenticator.authenticateAdmin(readSecret(incoming.headers));
  timing.add("auth", clock.monotonicMs() - begunAtMs);
  headers["anthropic-organization-id"] = admin.organizationId;
  return admin;
}

/** The body of an endpoint that takes it whole; empty for others. */
async function readWhole({ body }: Endpoint, { incoming, signal, bodySha256: sha256 }: Exchange): Promise<Buffer> {
  return body ? readBytes(incoming, { maxBytes: body.maxBytes, signal, sha256 }) : NO_BYTES;
}

/** With an API key, signed as on Claude Platform on AWS, or as a signed-in person who names the workspace. */
async function authenticate(
  endpoint: Endpoint,
  exchange: Exchange,
  deps: DoorDeps,
  readBody: () => Promise<Buffer>,
): Promise<Principal> {
  const { authenticator, accounts, clock } = deps;
  const { incoming, timing } = exchange;
  const begunAtMs = clock.monotonicMs();
  let principal: Principal;
  if (hasSession(incoming)) {
    refuseOtherOrigins(incoming);
    const { session } = await resolveSession(exchange, deps);
    principal = await accounts.toWorkspacePrincipal(session, namedWorkspace(incoming));
  } else if (isSigned(incoming.headers.authorization))
    principal = await authenticateOnAws(exchange, deps, {
      readBody,
      isForm: endpoint.upload?.contentType === "multipart/form-data",
    });
  else principal = await authenticator.authenticate(readSecret(incoming.headers));
  timing.add("auth", clock.monotonicMs() - begunAtMs);
  admit(exchange, principal, endpoint);
  return principal;
}

/** A cookie counts only where no key is presented: what a client says expressly goes first. */
function hasSession(incoming: IncomingMessage): boolean {
  return !hasSecret(incoming.headers) && sessionTokenOf(incoming) !== null;
}

function sessionTokenOf(incoming: IncomingMessage): string | null {
  return readCookie(incoming.headers.cookie, sessionCookieName(originOf(incoming)));
}
