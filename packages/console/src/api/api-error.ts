/** What the server answered in place of a reply, or that it did not answer. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** 0: there was no reply. */
  readonly status: number;
  readonly type: string;
  /** The precise reason, for what the page handles itself, e.g. `second_factor_required`. */
  readonly code: string | null;
  readonly requestId: string | null;
  readonly retryAfterSeconds: number | null;

  constructor(
    message: string,
    fields: {
      readonly status: number;
      readonly type: string;
      readonly code?: string | null;
      readonly requestId?: string | null;
      readonly retryAfterSeconds?: number | null;
    },
  ) {
    super(message);
    this.status = fields.status;
    this.type = fields.type;
    this.code = fields.code ?? null;
    this.requestId = fields.requestId ?? null;
    this.retryAfterSeconds = fields.retryAfterSeconds ?? null;
  }
}
