import { and, eq, isNull, lt, sql } from "drizzle-orm";
import { idempotencyEntries } from "./schema.ts";
import type { Storage } from "./storage.ts";

export interface IdempotencyClaim {
  readonly workspaceId: string;
  readonly key: string;
  /** SHA-256 of method, path and body. */
  readonly requestHash: string;
  /** The claiming request's id: a repeated try of the same request finds its own claim. */
  readonly claimedBy: string;
  readonly nowMs: number;
  /** When a claim whose process died may be taken over. */
  readonly claimExpiresAtMs: number;
}

export interface StoredReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export type ClaimOutcome =
  /** This request is the first: run it, then complete or abandon it. */
  | { readonly type: "claimed" }
  | { readonly type: "running" }
  | { readonly type: "replay"; readonly reply: StoredReply }
  /** The key was used for another request. */
  | { readonly type: "mismatch" };

/** Claims a key or says who has it. Of several requests at once exactly one is `claimed`. */
export function claimIdempotencyKey(storage: Storage, claim: IdempotencyClaim): Promise<ClaimOutcome> {
  const now = new Date(claim.nowMs);
  return storage.run({ operation: "claim idempotency key", repeatable: true }, async (database) => {
    const fresh = {
      requestHash: claim.requestHash,
      claimedBy: claim.claimedBy,
      status: null,
      headers: null,
      body: null,
      createdAt: now,
      expiresAt: new Date(claim.claimExpiresAtMs),
    };
    // Bounded: the row that we collide with can only vanish by being swept, and then the next insert succeeds.
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const claimed = await database
        .insert(idempotencyEntries)
        .values({ workspaceId: claim.workspaceId, key: claim.key, ...fresh })
        .onConflictDoUpdate({
          target: [idempotencyEntries.workspaceId, idempotencyEntries.key],
          set: fresh,
          setWhere: lt(idempotencyEntries.expiresAt, now),
        })
        .returning({ key: idempotencyEntries.key });
      if (claimed.length > 0) return { type: "claimed" };
      const [entry] = await database.select().from(idempotencyEntries).where(isEntry(claim));
      if (!entry) continue;
      if (entry.claimedBy === claim.claimedBy && entry.status === null) return { type: "claimed" };
      if (entry.requestHash !== claim.requestHash) return { type: "mismatch" };
      if (entry.status === null || entry.body === null) return { type: "running" };
      return { type: "replay", reply: { status: entry.status, headers: entry.headers ?? {}, body: entry.body } };
    }
    return { type: "running" };
  });
}

/** A claim that `claimIdempotencyKey` gave. */
export type HeldClaim = Pick<IdempotencyClaim, "workspaceId" | "key" | "claimedBy">;

/** Keeps claims of requests that run from being taken over. */
export async function renewIdempotencyClaims(
  storage: Storage,
  claims: readonly HeldClaim[],
  claimExpiresAtMs: number,
): Promise<void> {
  const held = claims.map(({ workspaceId, key, claimedBy }) => ({ workspace_id: workspaceId, key, claimed_by: claimedBy }));
  await storage.run({ operation: "renew idempotency claims", repeatable: true }, (database) =>
    database.execute(sql`
      update idempotency_entries e set expires_at = ${new Date(claimExpiresAtMs).toISOString()}::timestamptz
      from json_to_recordset(${JSON.stringify(held)}::json) as h(workspace_id text, key text, claimed_by text)
      where e.workspace_id = h.workspace_id and e.key = h.key and e.claimed_by = h.claimed_by and e.status is null`),
  );
}

/** Stores the reply that later requests with the key get, until it expires. */
export async function completeIdempotencyKey(
  storage: Storage,
  claim: HeldClaim & { readonly expiresAtMs: number },
  reply: StoredReply,
): Promise<void> {
  await storage.run({ operation: "complete idempotency key", repeatable: true }, (database) =>
    database
      .update(idempotencyEntries)
      .set({ status: reply.status, headers: reply.headers, body: reply.body, expiresAt: new Date(claim.expiresAtMs) })
      .where(and(isEntry(claim), eq(idempotencyEntries.claimedBy, claim.claimedBy))),
  );
}

/** Gives a running claim back, so that the same request may be tried again (after a 5xx or a 429). */
export async function abandonIdempotencyKey(storage: Storage, claim: HeldClaim): Promise<void> {
  await storage.run({ operation: "abandon idempotency key", repeatable: true }, (database) =>
    database
      .delete(idempotencyEntries)
      .where(and(isEntry(claim), eq(idempotencyEntries.claimedBy, claim.claimedBy), isNull(idempotencyEntries.status))),
  );
}

/** Forgets what has expired; returns how many, at most `limit` in one go. */
export async function sweepIdempotencyKeys(storage: Storage, nowMs: number, limit = 1_000): Promise<number> {
  const result = await storage.run({ operation: "sweep idempotency keys", repeatable: true }, (database) =>
    database.execute(sql`
      delete from idempotency_entries where (workspace_id, key) in (
        select workspace_id, key from idempotency_entries where expires_at < ${new Date(nowMs).toISOString()}::timestamptz
        limit ${limit} for update skip locked)`),
  );
  return result.rowCount ?? 0;
}

function isEntry(entry: { readonly workspaceId: string; readonly key: string }) {
  return and(eq(idempotencyEntries.workspaceId, entry.workspaceId), eq(idempotencyEntries.key, entry.key));
}
