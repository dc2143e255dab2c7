import { randomUUID } from "node:crypto";
import type { IdempotencyStore } from "./endpoints/messages-create/idempotency-store.ts";
import { abandonIdempotencyKey, claimIdempotencyKey, completeIdempotencyKey } from "./storage/idempotency.ts";
import type { Storage } from "./storage/storage.ts";

/** The endpoint's store over the database's table. A claim belongs to this process until it is completed or abandoned. */
export function createDatabaseIdempotencyStore(storage: Storage): IdempotencyStore {
  const claims = new Map<string, string>();
  const nameOf = (entry: { readonly workspaceId: string; readonly key: string }): string =>
    JSON.stringify([entry.workspaceId, entry.key]);

  /** Forgets the claim: it ends with the reply that is stored, or with nothing. */
  function takeClaim(entry: { readonly workspaceId: string; readonly key: string }): string {
    const claimedBy = claims.get(nameOf(entry)) ?? "";
    claims.delete(nameOf(entry));
    return claimedBy;
  }

  return {
    async claim(claim) {
      const claimedBy = randomUUID();
      const outcome = await claimIdempotencyKey(storage, { ...claim, claimedBy });
      if (outcome.type === "claimed") claims.set(nameOf(claim), claimedBy);
      return outcome;
    },
    complete: (entry, reply) => completeIdempotencyKey(storage, { ...entry, claimedBy: takeClaim(entry) }, reply),
    abandon: (entry) => abandonIdempotencyKey(storage, { ...entry, claimedBy: takeClaim(entry) }),
  };
}
