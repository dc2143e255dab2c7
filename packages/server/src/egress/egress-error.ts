/** Why nothing came. `refused-*` was decided here, before anything was sent; the rest is what the network or the other side did. */
export type EgressReason =
  | "refused-url"
  | "refused-address"
  | "refused-redirect"
  | "unresolved"
  | "unreachable"
  | "too-many-redirects"
  | "too-large"
  | "refused-type"
  | "timeout";

/** `message` is for the log: it may hold addresses of this network. */
export class EgressError extends Error {
  override readonly name = "EgressError";
  readonly reason: EgressReason;

  constructor(reason: EgressReason, message: string, cause?: unknown) {
    super(message, { cause });
    this.reason = reason;
  }
}
