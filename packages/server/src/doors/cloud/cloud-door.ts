import type { AnthropicVersion } from "@parley/wire";
import type { IncomingHttpHeaders } from "node:http";
import type { Principal } from "../../auth/principal.ts";
import type { Endpoint, MadeReply } from "../../endpoints/define-endpoint.ts";
import type { DoorDeps, Exchange } from "../exchange.ts";
import type { ReplyManner } from "../reply-manner.ts";

/**
 * The door of a cloud: the API's endpoints under that cloud's URLs, with its authentication, body and framing. It translates;
 * validation, limits, money and the turn itself are the endpoint's.
 */
export interface CloudDoor {
  /** What this path asks for; null: it is none of this door's. */
  match(method: string, path: string, headers: IncomingHttpHeaders): CloudCall | null;
  readonly manner: ReplyManner;
  /** Who calls; throws `authentication_error`. `readBody` gives the whole body, for protocols that sign it. */
  authenticate(exchange: Exchange, deps: DoorDeps, readBody: () => Promise<Buffer>): Promise<Principal>;
}

/** One operation as a cloud's URL names it. */
export interface CloudCall {
  readonly endpoint: Endpoint;
  /** In place of those that the endpoint's own path has. */
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: URLSearchParams;
  /** The body as the endpoint's own path takes it. Throws `invalid_request_error`. */
  read(body: JsonObject, place: Place): NativeRequest;
  /** The reply in the cloud's form, where it has one of its own. */
  toReply?(reply: MadeReply, at: { readonly elapsedMs: () => number }): MadeReply;
}

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(json: unknown): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

/** What a body's translation may depend on besides the body. */
export interface Place {
  readonly headers: IncomingHttpHeaders;
  /** Where this server's machines stand, as far as its operator says so. */
  readonly standsIn: "us" | null;
}

export interface NativeRequest {
  readonly version: AnthropicVersion;
  readonly betas: readonly string[];
  readonly body: JsonObject;
}
