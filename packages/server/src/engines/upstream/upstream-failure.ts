import type { ErrorType } from "@parley/wire";
import { Failure, type FailureOptions } from "../../platform/fail.ts";

/**
 * What an upstream's failure says of the upstream. `request`: nothing, the request itself is at fault and would be anywhere.
 * `limited`: it is well and wants to be left alone for a while. `cut`: it went away over a reply, as one that dies does. `credentials`: it refuses what the
 * operator has set.
 */
export const UPSTREAM_FAULTS = [
  "request",
  "limited",
  "overloaded",
  "unreachable",
  "cut",
  "silent",
  "broken",
  "credentials",
] as const;

export type UpstreamFault = (typeof UPSTREAM_FAULTS)[number];

/** A failure that crosses the wire, with what the router needs to know of it. */
export class UpstreamFailure extends Failure {
  readonly fault: UpstreamFault;

  constructor(fault: UpstreamFault, type: ErrorType, options: FailureOptions) {
    super(type, options);
    this.fault = fault;
  }
}

const PUBLIC: Readonly<Record<Exclude<UpstreamFault, "request">, readonly [ErrorType, string]>> = {
  limited: ["rate_limit_error", "The upstream of this model is at its rate limit. Try again later."],
  overloaded: ["overloaded_error", "The upstream of this model is overloaded. Try again shortly."],
  unreachable: ["overloaded_error", "The upstream of this model cannot be reached. Try again shortly."],
  cut: ["overloaded_error", "The upstream of this model went away before its reply was complete. Try again shortly."],
  silent: ["timeout_error", "The upstream of this model did not answer in time."],
  broken: ["api_error", "The upstream of this model gave an answer that cannot be used."],
  credentials: ["api_error", "The upstream of this model refuses this server. Its operator has to mend that."],
};

/** How long an upstream at its limit that does not say when to come back is left alone. */
export const LIMITED_SECONDS = 5;

/** A failure of the upstream's own, in words that tell nothing of it; `internal` is for the log. */
export function upstreamFailure(
  fault: Exclude<UpstreamFault, "request">,
  internal: string,
  more: Pick<FailureOptions, "cause" | "retryAfterSeconds"> = {},
): UpstreamFailure {
  const [type, text] = PUBLIC[fault];
  const again = fault === "limited" ? { retryAfterSeconds: LIMITED_SECONDS } : {};
  return new UpstreamFailure(fault, type, { public: text, internal, ...again, ...more });
}
