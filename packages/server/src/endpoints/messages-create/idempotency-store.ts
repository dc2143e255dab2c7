/** Where the first reply to an `Idempotency-Key` is kept, per workspace and key; storage/idempotency.ts implements it. */
export interface IdempotencyStore {
  /** Of several requests at once exactly one is "claimed". */
  claim(claim: IdempotencyClaim): Promise<IdempotencyOutcome>;
  /** Stores the reply that later requests with the key get, until `expiresAtMs`. */
  complete(entry: IdempotencyEntry & { readonly expiresAtMs: number }, reply: StoredReply): Promise<void>;
  /** Gives a running claim back, so that the same request may be tried again. */
  abandon(entry: IdempotencyEntry): Promise<void>;
}

export interface IdempotencyEntry {
  readonly workspaceId: string;
  readonly key: string;
}

export interface IdempotencyClaim extends IdempotencyEntry {
  /** SHA-256 of what makes two requests the same. */
  readonly requestHash: string;
  readonly nowMs: number;
}

export interface StoredReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export type IdempotencyOutcome =
  | { readonly type: "claimed" }
  | { readonly type: "running" }
  | { readonly type: "replay"; readonly reply: StoredReply }
  | { readonly type: "mismatch" };
