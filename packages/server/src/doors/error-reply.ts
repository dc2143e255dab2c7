import type { ErrorEnvelope } from "@parley/wire";
import { Failure, fail } from "../platform/fail.ts";

/** The client closed its connection, or stopped reading: nobody is left to answer. */
export class ClientGone extends Error {
  override readonly name = "ClientGone";
  readonly reason: "closed" | "stalled";

  constructor(reason: "closed" | "stalled") {
    super(`the client has ${reason}`);
    this.reason = reason;
  }
}

/** What was thrown, as a failure; an unexpected error tells the client nothing of itself. */
export function toFailure(error: unknown): Failure {
  return error instanceof Failure ? error : fail("api_error", { public: "Internal server error", cause: error });
}

export function toErrorEnvelope(failure: Failure, requestId: string): ErrorEnvelope {
  return {
    type: "error",
    error: {
      type: failure.type,
      message: failure.publicMessage,
      ...(failure.details ? { details: failure.details } : {}),
    },
    request_id: requestId,
  };
}

const OVERLOADED_RETRY_SECONDS = 5;
const RATE_LIMIT_RETRY_SECONDS = 60;

export function errorHeaders(failure: Failure): Record<string, string> {
  const headers: Record<string, string> = { ...failure.headers };
  const retryAfterSeconds = failure.retryAfterSeconds ?? defaultRetrySeconds(failure);
  if (retryAfterSeconds !== undefined) headers["retry-after"] = String(retryAfterSeconds);
  if (failure.shouldRetry !== undefined) headers["x-should-retry"] = String(failure.shouldRetry);
  return headers;
}

/** Every 429 and 529 says when to come back. */
function defaultRetrySeconds(failure: Failure): number | undefined {
  if (failure.shouldRetry === false) return undefined;
  if (failure.type === "rate_limit_error") return RATE_LIMIT_RETRY_SECONDS;
  return failure.type === "overloaded_error" ? OVERLOADED_RETRY_SECONDS : undefined;
}
