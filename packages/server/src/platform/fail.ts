import { ERROR_STATUS, type ErrorType } from "@parley/wire";

export interface FailureOptions {
  /** What the caller may read. Never holds paths, SQL, addresses or another tenant's names. */
  public: string;
  /** What only the log may hold. */
  internal?: string;
  cause?: unknown;
  /** `error.details` on the wire; `error_code` picks the SDK's typed error. */
  details?: { error_code: string; [key: string]: unknown };
  /** Whole seconds; becomes `retry-after`. */
  retryAfterSeconds?: number;
  /** Becomes `x-should-retry`, which overrides the SDK's own rule. */
  shouldRetry?: boolean;
  /** Further response headers; a 429 carries the rate-limit family too. */
  headers?: Readonly<Record<string, string>>;
}

/** An error that crosses the wire: its public and its internal text never share a field. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly type: ErrorType;
  readonly status: number;
  readonly publicMessage: string;
  readonly internal: string | undefined;
  readonly details: FailureOptions["details"];
  readonly retryAfterSeconds: number | undefined;
  readonly shouldRetry: boolean | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(type: ErrorType, options: FailureOptions) {
    super(options.internal ? `${options.public} (${options.internal})` : options.public, {
      cause: options.cause,
    });
    this.type = type;
    this.status = ERROR_STATUS[type];
    this.publicMessage = options.public;
    this.internal = options.internal;
    this.details = options.details;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.shouldRetry = options.shouldRetry;
    this.headers = options.headers ?? {};
  }
}

/** Makes (does not throw) a failure: `throw fail("not_found_error", { public: "model: x" })`. */
export function fail(type: ErrorType, options: FailureOptions): Failure {
  return new Failure(type, options);
}
