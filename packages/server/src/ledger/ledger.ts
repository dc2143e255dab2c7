import type { Bill } from "../money/biller.ts";
import type { CacheMissReason, Timings, Usage } from "../turn/turn-event.ts";

/** What a turn came through, in the words of the platform's reports. */
export type Product = "messages_api" | "message_batches_api" | "claude_code";

/** What a request went through before its turn, in milliseconds. */
export interface Admission {
  readonly authMs: number;
  /** Reading the body and checking it. */
  readonly readMs: number;
  readonly limitsMs: number;
}

/** One row a turn, append-only, unique by request id. */
export interface TurnRecord {
  readonly requestId: string;
  readonly organizationId: string;
  readonly workspaceId: string;
  readonly apiKeyId: string;
  readonly userId: string | null;
  readonly messageId: string;
  /** The model id as answered, and the weights that answered. */
  readonly model: string;
  readonly weights: string;
  readonly usage: Usage;
  readonly stopReason: string | null;
  /** Null for a turn that completed; else the error type or `CLIENT_CLOSED`. */
  readonly outcome: string | null;
  readonly serviceTier: "standard" | "priority" | "batch";
  readonly inferenceGeo: string;
  readonly product: Product;
  /** Of a client that says which session a turn belongs to. */
  readonly sessionId: string | null;
  readonly bill: Bill;
  readonly timings: Timings;
  /** Absent for a turn that came through no door. */
  readonly admission?: Admission;
  /** Where the client asked for it, and something was missed. */
  readonly cacheMissReason?: CacheMissReason | null;
  readonly startedAtMs: number;
}

export interface Ledger {
  /** Durable when it resolves. Recording one request id twice keeps the first row. */
  record(row: TurnRecord): Promise<void>;
  /** Resolves when every row that was recorded before is where reports read, or after a second. */
  caughtUp(): Promise<void>;
}
