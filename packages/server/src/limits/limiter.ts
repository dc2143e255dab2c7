import type { Principal } from "../auth/principal.ts";
import type { Usage } from "../turn/turn-event.ts";

export interface Estimate {
  /** Model line (haiku, sonnet, opus, …): limits are per class of model. */
  readonly modelClass: string;
  readonly inputTokens: number;
  /** `max_tokens`: reserved first, settled to what was decoded. */
  readonly outputTokens: number;
  /** `service_tier: auto`: the organization's committed capacity is drawn on first. */
  readonly mayUsePriority?: boolean;
}

/** Tokens and requests held for one turn. Disposal releases what was not settled. */
export interface Reservation extends AsyncDisposable {
  /** The `anthropic-ratelimit-*` headers, as of the reservation. */
  headers(): Readonly<Record<string, string>>;
  /** Whether the organization's committed capacity bears the turn. */
  readonly serviceTier: "standard" | "priority";
  settle(usage: Usage): Promise<void>;
}

export interface Limiter {
  /**
   * The `anthropic-ratelimit-*` headers as they stand, taking nothing. Null: a reply that concerns no model, for which the
   * default limits are told.
   */
  headers(principal: Principal, modelClass: string | null): Promise<Readonly<Record<string, string>>>;
  /** Throws `rate_limit_error` with `retryAfterSeconds` when a limit is reached. */
  reserve(principal: Principal, estimate: Estimate): Promise<Reservation>;
  /** One call of token counting, which has a limit of its own. Throws like `reserve`. */
  countTokens(principal: Principal): Promise<void>;
}
