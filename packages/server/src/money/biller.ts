import type { Principal } from "../auth/principal.ts";
import type { Usage } from "../turn/turn-event.ts";
import type { Billable, Cost } from "./compute-cost.ts";

/** What a turn is expected to use at most, before it runs. */
export interface TurnEstimate {
  readonly requestId: string;
  readonly model: { readonly id: string; readonly weights: string };
  readonly serviceTier: Billable["serviceTier"];
  readonly inferenceGeo: string;
  /** The whole prompt. */
  readonly inputTokens: number;
  /** `max_tokens`. */
  readonly outputTokens: number;
  /** Searches that may be made. */
  readonly webSearches?: number;
  readonly startedAtMs: number;
}

/** What a turn costs, for its row on the ledger. */
export interface Bill {
  readonly priceReference: string;
  readonly cost: Cost;
  /** Whether credits and spend limits bear it, or it is only recorded. */
  readonly isCharged: boolean;
  /** What is held for the turn under other ids than the request's own, and ends with its row as well. */
  readonly holdIds?: readonly string[];
}

/** Money held for one turn. The ledger settles it with the turn's row; disposal releases what was not settled. */
export interface Charge extends AsyncDisposable {
  /**
   * Holds what a turn may cost beyond what was held for it, where it goes on after a call that the server answered. False:
   * credits or a spend limit do not bear that.
   */
  extend(used: Usage, ahead: { readonly outputTokens: number; readonly webSearches: number }): Promise<boolean>;
  bill(usage: Usage): Bill;
  /** The row with the bill is on the ledger, which has ended the hold. */
  settled(): void;
}

export interface Biller {
  /** Throws the platform's error when credits or a spend limit do not bear the turn. */
  hold(principal: Principal, estimate: TurnEstimate): Promise<Charge>;
}
