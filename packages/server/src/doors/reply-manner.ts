import type { StreamPart } from "../endpoints/define-endpoint.ts";
import { formatStreamPart } from "../endpoints/format-stream-part.ts";
import type { Failure } from "../platform/fail.ts";
import { toErrorEnvelope } from "./error-reply.ts";

/** How a door writes what no endpoint does: its failures, and the frames of its streams. */
export interface ReplyManner {
  /** Of every reply. */
  headers(requestId: string): Record<string, string>;
  toErrorReply(failure: Failure, requestId: string): ErrorReply;
  readonly streamContentType: string;
  /** One part of a stream as bytes; null: the protocol has no form for it. */
  frame(part: StreamPart): string | Uint8Array | null;
  /** The last frame of a stream that fails after its start. */
  frameFailure(failure: Failure, requestId: string): string | Uint8Array;
}

export interface ErrorReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
}

/** The Anthropic API's own manner. */
export const nativeManner: ReplyManner = {
  headers: (requestId) => ({ "request-id": requestId }),
  toErrorReply: (failure, requestId) => ({
    status: failure.status,
    headers: {},
    body: toErrorEnvelope(failure, requestId),
  }),
  streamContentType: "text/event-stream; charset=utf-8",
  frame: formatStreamPart,
  frameFailure: (failure, requestId) => formatStreamPart({ event: "error", data: toErrorEnvelope(failure, requestId) }),
};
