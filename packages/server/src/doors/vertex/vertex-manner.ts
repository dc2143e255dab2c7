import type { ErrorType } from "@parley/wire";
import type { Failure } from "../../platform/fail.ts";
import { nativeManner, type ErrorReply, type ReplyManner } from "../reply-manner.ts";

/** What Google's own front says, before a request reaches Anthropic's part; the rest is in Anthropic's envelope there too. */
const GOOGLE_STATUS: Partial<Record<ErrorType, string>> = {
  authentication_error: "UNAUTHENTICATED",
  permission_error: "PERMISSION_DENIED",
  not_found_error: "NOT_FOUND",
  rate_limit_error: "RESOURCE_EXHAUSTED",
};

export const vertexManner: ReplyManner = { ...nativeManner, toErrorReply };

function toErrorReply(failure: Failure, requestId: string): ErrorReply {
  const status = GOOGLE_STATUS[failure.type];
  if (status === undefined) return nativeManner.toErrorReply(failure, requestId);
  const { error_code: reason, ...metadata } = failure.details ?? {};
  const details = reason === undefined ? {} : { details: [{ "@type": ERROR_INFO, reason, domain: "parley", metadata }] };
  const error = { code: failure.status, message: failure.publicMessage, status, ...details };
  return { status: failure.status, headers: {}, body: { error } };
}

const ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo";
