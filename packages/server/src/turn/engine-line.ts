import { Failure, type FailureOptions } from "../platform/fail.ts";
import type { TurnEvent } from "./turn-event.ts";

/** What one process of Parley says to another of a turn or a question that it answers for it: one line of JSON each. */
export type EngineLine =
  | { readonly event: TurnEvent }
  /** The answer to a question. */
  | { readonly value: unknown }
  | { readonly failure: FailureLine };

/** A failure on its way to the process that tells the client. Both texts go along: both ends are Parley. */
export interface FailureLine extends Omit<FailureOptions, "cause"> {
  readonly type: Failure["type"];
  /** What the router wants to know of an upstream's failure. */
  readonly fault?: string;
}

export const formatEngineLine = (line: EngineLine): string => `${JSON.stringify(line)}\n`;

export function toFailureLine(error: unknown): FailureLine {
  if (!(error instanceof Failure)) {
    const internal = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { type: "api_error", public: "Internal server error", internal };
  }
  const { type, publicMessage, internal, details, retryAfterSeconds, shouldRetry, headers } = error;
  return {
    type,
    public: publicMessage,
    ...(internal === undefined ? {} : { internal }),
    ...(details === undefined ? {} : { details }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(shouldRetry === undefined ? {} : { shouldRetry }),
    headers,
    ...("fault" in error && typeof error.fault === "string" ? { fault: error.fault } : {}),
  };
}
