import { randomUUID } from "node:crypto";
import type { IdempotencyStore } from "./endpoints/messages-create/idempotency-store.ts";
import type { Clock } from "./platform/clock.ts";
import {
  abandonIdempotencyKey,
  claimIdempotencyKey,
  completeIdempotencyKey,
  type HeldClaim,
  renewIdempotencyClaims,
} from "./storage/idempotency.ts";
import type { StorageLog } from "./storage/log.ts";
import type { Storage } from "./storage/storage.ts";

/** A claim whose process died is free after so long. */
const LEASE_MS = 60_000;

export interface DatabaseIdempotencyStoreDeps {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: Pick<StorageLog, "warn">;
  readonly leaseMs?: number;
}

/**
 * The endpoint's store over the database's table. A claim belongs to this process until it is completed or abandoned: the
 * process renews its lease as long as it lives.
 */
export function createDatabaseIdempotencyStore({
  storage,
  clock,
  log,
  leaseMs = LEASE_MS,
}: DatabaseIdempotencyStoreDeps): IdempotencyStore & AsyncDisposable {
  const claims = new Map<string, HeldClaim>();
  const nameOf = (entry: { readonly workspaceId: string; readonly key: string }): string =>
    JSON.stringify([entry.workspaceId, entry.key]);

  const renewal = setInterval(() => {
    if (claims.size === 0) return;
    renewIdempotencyClaims(storage, [...claims.values()], clock.nowMs() + leaseMs).catch((error: unknown) =>
      log.warn({ err: error }, "claims of Idempotency-Keys were not renewed"),
    );
  }, leaseMs / 3);
  renewal.unref();

  /** Forgets the claim: it ends with the reply that is stored, or with nothing. */
  function takeClaim(entry: { readonly workspaceId: string; readonly key: string }): string {
    const claim = claims.get(nameOf(entry));
    claims.delete(nameOf(entry));
    return claim?.claimedBy ?? "";
  }

  return {
    async claim(claim) {
      const held = { workspaceId: claim.workspaceId, key: claim.key, claimedBy: randomUUID() };
      const outcome = await claimIdempotencyKey(storage, { ...claim, ...held, claimExpiresAtMs: claim.nowMs + leaseMs });
      if (outcome.type === "claimed") claims.set(nameOf(held), held);
      return outcome;
    },
    async complete(entry, reply) {
      const claimedBy = claims.get(nameOf(entry))?.claimedBy ?? "";
      await completeIdempotencyKey(storage, { ...entry, claimedBy }, reply);
      // Not before: where the reply could not be stored, the claim is given back by `abandon`.
      takeClaim(entry);
    },
    abandon: (entry) => abandonIdempotencyKey(storage, { ...entry, claimedBy: takeClaim(entry) }),
    async [Symbol.asyncDispose]() {
      clearInterval(renewal);
    },
  };
}
