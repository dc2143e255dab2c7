import { ERROR_STATUS, type ErrorType } from "@parley/wire";
import type { IncomingHttpHeaders } from "node:http";
import { parseJsonOr } from "../upstream/read-whole.ts";
import { readRetryAfter } from "../upstream/retry-after.ts";
import { UpstreamFailure, upstreamFailure } from "../upstream/upstream-failure.ts";
import { objectOf } from "./read-usage.ts";

const SHOWN_CHARACTERS = 2_000;
/** Of the client's request; the upstream's words are for the client. */
const OF_THE_REQUEST: ReadonlySet<string> = new Set([
  "invalid_request_error",
  "not_found_error",
  "conflict_error",
  "request_too_large",
] satisfies ErrorType[]);

const TOO_LARGE: ReadonlySet<number> = new Set([413, 431]);

export interface UpstreamError {
  /** Of the reply; null for an error in a stream, or in a reply of status 200. */
  readonly status: number | null;
  readonly headers: IncomingHttpHeaders;
  /** The error's JSON. */
  readonly text: string;
  /** The operator has named the model that it was asked for, and not the client. */
  readonly isModelOurs: boolean;
  readonly nowMs: number;
}

/** What an upstream's error is to our client. */
export function toUpstreamFailure({ status, headers, text, isModelOurs, nowMs }: UpstreamError): UpstreamFailure {
  const error = objectOf(objectOf(parseJsonOr(text))["error"]);
  const message = typeof error["message"] === "string" ? error["message"] : "";
  const type = typeOf(error["type"], status);
  const internal = `the upstream answered ${status ?? "in its stream"}: ${text.slice(0, SHOWN_CHARACTERS)}`;
  const retryAfterSeconds = readRetryAfter(headers, nowMs);
  const again = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  if (type !== null && OF_THE_REQUEST.has(type) && message !== "" && !isOperators(type, message, isModelOurs)) {
    const code = objectOf(error["details"])["error_code"];
    return new UpstreamFailure("request", type, {
      public: message.slice(0, SHOWN_CHARACTERS),
      internal,
      ...(typeof code === "string" ? { details: { error_code: code } } : {}),
    });
  }
  // Said by what stands before the server, in words of its own.
  if (status !== null && TOO_LARGE.has(status))
    return new UpstreamFailure("request", "request_too_large", {
      public: "The request is too large for this model's server.",
      internal,
    });
  switch (type) {
    case "rate_limit_error":
      return upstreamFailure("limited", internal, again);
    case "overloaded_error":
      return upstreamFailure("overloaded", internal, again);
    case "timeout_error":
      return upstreamFailure("silent", internal);
    case "authentication_error":
    case "permission_error":
    case "billing_error":
    case "invalid_request_error":
    case "not_found_error":
      return upstreamFailure("credentials", internal);
    default:
      return upstreamFailure("broken", internal);
  }
}

/** The API's own words of an account, from their beginning: what stands later in a message may be the client's. */
const OF_THE_ACCOUNT =
  /^(?:Your credit balance is too low|This organization has been disabled|You have reached your specified (?:workspace )?API usage limits)/i;

/** The upstream lacks what its operator should have seen to: the account, or the model. */
function isOperators(type: ErrorType, message: string, isModelOurs: boolean): boolean {
  return OF_THE_ACCOUNT.test(message) || (isModelOurs && type === "not_found_error" && message.startsWith("model: "));
}

function typeOf(told: unknown, status: number | null): ErrorType | null {
  if (typeof told === "string" && Object.hasOwn(ERROR_STATUS, told)) return told as ErrorType;
  if (status === null) return null;
  if (status === 502 || status === 503) return "overloaded_error";
  return (Object.entries(ERROR_STATUS).find(([, each]) => each === status)?.[0] as ErrorType | undefined) ?? null;
}
