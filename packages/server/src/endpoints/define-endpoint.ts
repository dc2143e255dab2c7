import type { AnthropicVersion } from "@parley/wire";
import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import type { z } from "zod";
import type { AdminPrincipal, Principal } from "../auth/principal.ts";
import type { SessionPrincipal } from "../sign-in/sessions.ts";
import type { EndpointDeps } from "./deps.ts";
import type { ServerTiming } from "./server-timing.ts";

/**
 * Who may call: a workspace's API key; an organization's admin key or a signed-in administrator; a signed-in person; anyone
 * on a page of our own origin; anyone; or only processes of this machine.
 */
export type Permission = "workspace" | "admin" | "session" | "console" | "public" | "local";

/** A request after the door: authenticated, its body read and parsed as JSON. */
export interface EndpointRequest<Body = unknown> {
  readonly requestId: string;
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The client's address, as the peer or a trusted proxy tells it. */
  readonly networkAddress: string;
  /** The address that the client used, e.g. `https://parley.example.com`, without a slash at the end. */
  readonly origin: string;
  readonly version: AnthropicVersion;
  readonly betas: readonly string[];
  /** The client uses the beta types: `?beta=true`, or a beta header. */
  readonly isBeta: boolean;
  /** What `parse` of the definition made of the body. */
  readonly body: Body;
  /** The body as it came; empty where there is none. */
  readonly bodyBytes: Uint8Array;
  /**
   * The body of an endpoint that has `upload`, unread; empty elsewhere. It fails with `request_too_large` where it grows
   * over the limit, and with the reason of `signal` when the client is gone.
   */
  readonly upload: Readable;
  /** Monotonic milliseconds. */
  readonly arrivedAtMs: number;
  readonly timing: ServerTiming;
  /** Adds headers to the reply, also to one that refuses; of one name the last counts. */
  setHeaders(headers: Readonly<Record<string, string>>): void;
  /** Says which class of model the request is about: the reply tells the limits of that class. */
  setModelClass(modelClass: string): void;
  /** Says which span the request's time is in. */
  setTraceparent(traceparent: string): void;
  /** Aborted when the client is gone or the server's drain is over; its reason is what to throw. */
  readonly signal: AbortSignal;
}

export interface WorkspaceRequest<Body = unknown> extends EndpointRequest<Body> {
  readonly principal: Principal;
}

export interface AdminRequest<Body = unknown> extends EndpointRequest<Body> {
  readonly admin: AdminPrincipal;
}

export interface SessionRequest<Body = unknown> extends EndpointRequest<Body> {
  readonly session: SessionPrincipal;
  /** The cookie's value. */
  readonly sessionToken: string;
}

type RequestFor<Who extends Permission, Body> = Who extends "workspace"
  ? WorkspaceRequest<Body>
  : Who extends "admin"
    ? AdminRequest<Body>
    : Who extends "session"
      ? SessionRequest<Body>
      : EndpointRequest<Body>;

/** One part of an event stream. A comment is invisible to clients; frames are events that were framed before. */
export type StreamPart =
  | { readonly event: string; readonly data: object }
  /** Written already, without a line break. */
  | { readonly event: string; readonly json: string }
  | { readonly comment: string }
  | { readonly frames: string };

/** The reply to a client that wants a stream, which is still being made: the door keeps the client from waiting in silence. */
export interface LateReply {
  readonly kind: "late";
  readonly reply: Promise<MadeReply>;
}

export type EndpointReply = MadeReply | LateReply;

export type MadeReply =
  | {
      readonly kind: "json";
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body: unknown;
    }
  /** Bytes or text as they stand. */
  | {
      readonly kind: "raw";
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly contentType: string;
      readonly body: string | Uint8Array;
    }
  /** Bytes as they come, for what is too large to hold. A failure after the first of them cuts the connection. */
  | {
      readonly kind: "bytes";
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly contentType: string;
      readonly body: AsyncIterable<Uint8Array>;
    }
  /** The status line goes out with the first part; failures after it become an `error` event. */
  | {
      readonly kind: "stream";
      /** Settles once it is known whether this is a stream or an error; who waits long for it gets the stream's head first. */
      readonly ready?: Promise<unknown>;
      readonly headers?: Readonly<Record<string, string>>;
      readonly parts: AsyncIterable<StreamPart>;
    };

/** The request body: its schema, its size, and how JSON becomes it (throws `invalid_request_error`). */
export interface BodyDefinition<Body> {
  readonly schema: z.ZodType;
  readonly maxBytes: number;
  /** `form`: `application/x-www-form-urlencoded`, its fields are the object. `bytes`: whatever it is, `parse` gets undefined. */
  readonly format?: "json" | "form" | "bytes";
  parse(json: unknown, request: Pick<EndpointRequest, "version" | "betas" | "isBeta">): Body;
}

/** A body that the handler reads as it comes in. */
export interface UploadDefinition {
  readonly maxBytes: number;
  readonly contentType: "application/json" | "multipart/form-data";
  /** For the contract only. */
  readonly schema: z.ZodType;
}

export interface EndpointDefinition<Who extends Permission = Permission, Body = unknown> {
  /** The folder's name; also the OpenAPI `operationId` and the metrics' label. */
  readonly name: string;
  readonly summary: string;
  readonly method: "GET" | "POST" | "DELETE";
  /** With `:name` for a parameter. */
  readonly path: string;
  readonly permission: Who;
  /** A signed-in administrator must have proved who they are a short while ago; an admin key is not asked. */
  readonly asksAgain?: boolean;
  /** Of those who are signed in, also who has the role `billing` may: it only reads what was spent. */
  readonly forBilling?: boolean;
  /** Claude Code itself asks for it: who may use nothing else may, too. */
  readonly forClaudeCode?: boolean;
  /** Its failures belong to the log of requests, whose successes are the turns of the ledger. */
  readonly isLogged?: boolean;
  /** Its callers do not speak the platform's protocol, and need not say which version of it. */
  readonly isUnversioned?: boolean;
  readonly query?: z.ZodObject;
  readonly body?: BodyDefinition<Body>;
  /** Instead of `body`. */
  readonly upload?: UploadDefinition;
  /** What a 200 holds, for the contract. Null: not JSON. */
  readonly reply: { readonly schema: z.ZodType | null; readonly events?: z.ZodType };
  handle(request: RequestFor<Who, Body>, deps: EndpointDeps): Promise<EndpointReply>;
}

/** An endpoint as routes and the OpenAPI document see it. */
export type Endpoint = Omit<EndpointDefinition, "handle"> & {
  handle(request: WorkspaceRequest & AdminRequest & SessionRequest, deps: EndpointDeps): Promise<EndpointReply>;
};

/** Types the handler by the definition's own body and permission. The door gives a principal where one is asked for. */
export function defineEndpoint<Who extends Permission, Body>(definition: EndpointDefinition<Who, Body>): Endpoint {
  return definition as unknown as Endpoint;
}
