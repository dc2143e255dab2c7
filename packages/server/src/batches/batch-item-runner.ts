import type { AnthropicVersion, BatchResult } from "@parley/wire";
import type { Principal } from "../auth/principal.ts";
import type { TurnRecord } from "../ledger/ledger.ts";
import type { Failure } from "../platform/fail.ts";

/** One request of a batch, ready to be run. */
export interface BatchTurn {
  readonly principal: Principal;
  readonly requestId: string;
  /** As the client sent it, in this dialect. */
  readonly params: unknown;
  readonly bodyBytes: number;
  readonly version: AnthropicVersion;
  readonly betas: readonly string[];
  readonly isBeta: boolean;
}

export type BatchTurnOutcome =
  /** The turn's row is for whoever keeps the result to record, in that order. Null: there is nothing to account. */
  | { readonly type: "done"; readonly result: BatchResult; readonly record: TurnRecord | null }
  /** It failed for a reason that may pass. */
  | { readonly type: "failed"; readonly failure: Failure };

/** Runs a request as a message is run, at batch priority and off the interactive limits. Rejects only when aborted. */
export type BatchItemRunner = (turn: BatchTurn, signal: AbortSignal) => Promise<BatchTurnOutcome>;
