import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { AdminRequest, SessionRequest, WorkspaceRequest } from "../../endpoints/define-endpoint.ts";
import { admit } from "../admit.ts";
import { type DoorDeps, type DoorOptions, type Drain, type Exchange, limitHeaders, serveExchange } from "../exchange.ts";
import { checkBodyHeaders, parseJson, readBody } from "../read-body.ts";
import { sendReply } from "../send-reply.ts";
import { takeLateReply } from "../take-late-reply.ts";
import { toEndpointRequest } from "../to-endpoint-request.ts";
import { type CloudCall, type CloudDoor, isJsonObject } from "./cloud-door.ts";

export interface CloudContext {
  readonly deps: DoorDeps;
  readonly drain: Drain;
  readonly options: DoorOptions;
}

const NO_UPLOAD = Readable.from([]);
const UNREAD = { version: "2026-10-21", betas: [] } as const;

/** Serves the request if one of the doors knows its path; false: none does. */
export function serveCloud(
  doors: readonly CloudDoor[],
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { deps, drain, options }: CloudContext,
): boolean {
  const path = (incoming.url ?? "").split("?", 1)[0] ?? "";
  for (const door of doors) {
    const call = door.match(incoming.method ?? "", path, incoming.headers);
    if (call === null) continue;
    const at = { incoming, outgoing, path, name: call.endpoint.name, manner: door.manner };
    void serveExchange(deps, drain, at, (exchange) => serveCall(door, call, exchange, deps, options));
    return true;
  }
  return false;
}

/** The largest body that a cloud's path takes; null: it is none of theirs. */
export function cloudBodyLimitAt(doors: readonly CloudDoor[], method: string, path: string): number | null {
  for (const door of doors) {
    const call = door.match(method, path, {});
    if (call !== null) return call.endpoint.body?.maxBytes ?? 0;
  }
  return null;
}

async function serveCall(
  door: CloudDoor,
  call: CloudCall,
  exchange: Exchange,
  deps: DoorDeps,
  options: DoorOptions,
): Promise<void> {
  const { incoming, timing } = exchange;
  const { endpoint } = call;
  const maxBytes = endpoint.body?.maxBytes ?? 0;
  if (endpoint.isLogged) exchange.logged = { model: null };
  checkBodyHeaders(incoming, maxBytes);
  let reading: Promise<Buffer> | null = null;
  const readOnce = (): Promise<Buffer> =>
    (reading ??= readBody(incoming, { maxBytes, signal: exchange.signal, sha256: exchange.bodySha256 }));
  const begunAtMs = deps.clock.monotonicMs();
  const principal = await door.authenticate(exchange, deps, readOnce);
  timing.add("auth", deps.clock.monotonicMs() - begunAtMs);
  admit(exchange, principal, endpoint);
  const bodyBytes = await readOnce();
  const place = { headers: incoming.headers, standsIn: deps.inferenceGeos.standsIn };
  const json = endpoint.body ? parseJson(bodyBytes) : undefined;
  // What is no object is the endpoint's to refuse.
  const { version, betas, body } = isJsonObject(json) ? call.read(json, place) : { ...UNREAD, body: json };
  if (exchange.logged) exchange.logged.model = modelOf(body);
  const query = call.query ?? new URLSearchParams(incoming.url?.split("?", 2)[1] ?? "");
  const protocol = { version, betas, isBeta: betas.length > 0 || query.get("beta") === "true" };
  const request: WorkspaceRequest = {
    ...toEndpointRequest(exchange, options, {
      ...protocol,
      params: call.params ?? {},
      query,
      body: endpoint.body?.parse(body, protocol),
      // What is passed on to another server is what the API's own path would have got.
      bodyBytes: body === json ? bodyBytes : Buffer.from(JSON.stringify(body)),
      upload: NO_UPLOAD,
    }),
    headers: toNativeHeaders(incoming.headers, version, betas),
    principal,
  };
  // The endpoints of clouds are a workspace's; `defineEndpoint` types the handler by its permission.
  const handled = await endpoint.handle(request as WorkspaceRequest & AdminRequest & SessionRequest, deps);
  const reply = handled.kind === "late" ? await takeLateReply(handled, options.openAfterMs) : handled;
  const limits = await limitHeaders(deps, exchange, reply.headers);
  const elapsedMs = (): number => Math.round(deps.clock.monotonicMs() - exchange.arrivedAtMs);
  await sendReply(call.toReply?.(reply, { elapsedMs }) ?? reply, limits, exchange, options);
}

/** As the API's own path would have got them: some servers refuse a header without a beta. */
function toNativeHeaders(
  { "anthropic-beta": _betas, ...headers }: IncomingHttpHeaders,
  version: string,
  betas: readonly string[],
): IncomingHttpHeaders {
  const named = betas.length === 0 ? {} : { "anthropic-beta": betas.join(",") };
  return { ...headers, "anthropic-version": version, ...named };
}

function modelOf(body: unknown): string | null {
  const model = isJsonObject(body) ? body["model"] : null;
  return typeof model === "string" ? model : null;
}
