import type { Clock } from "../platform/clock.ts";
import { fail } from "../platform/fail.ts";
import { findDataPolicy } from "../storage/data-policies.ts";
import { isOutage } from "../storage/outage.ts";
import type { Storage } from "../storage/storage.ts";

/** What may be stored of a workspace's content. */
export interface DataPolicy {
  /** Zero data retention: nothing of a prompt or a reply is stored, on disk or in the database. */
  keepsNothing(workspaceId: string): Promise<boolean>;
  /** Throws `invalid_request_error` where `what` could not be without storing content. */
  requireStorage(workspaceId: string, what: string): Promise<void>;
  /** The workspace's policy changed: this process acts on it at once; others do within a second. */
  forget(workspaceId: string): void;
}

/** A change on another node takes effect within a second. */
const TRUST_MS = 800;
/** While the database is down, as long as keys are trusted. */
const OUTAGE_TRUST_MS = 60_000;
const MAX_CACHED_WORKSPACES = 10_000;

export function createDataPolicy({ storage, clock }: { readonly storage: Storage; readonly clock: Clock }): DataPolicy {
  const cache = new Map<string, { readonly keepsNothing: boolean; readonly readAtMs: number }>();

  async function keepsNothing(workspaceId: string): Promise<boolean> {
    const known = cache.get(workspaceId);
    const ageMs = known ? clock.monotonicMs() - known.readAtMs : Number.POSITIVE_INFINITY;
    if (known && ageMs < TRUST_MS) return known.keepsNothing;
    try {
      const { zeroDataRetention: found } = await findDataPolicy(storage, workspaceId);
      if (cache.size >= MAX_CACHED_WORKSPACES) cache.clear();
      cache.set(workspaceId, { keepsNothing: found, readAtMs: clock.monotonicMs() });
      return found;
    } catch (error) {
      if (known && ageMs < OUTAGE_TRUST_MS && isOutage(error)) return known.keepsNothing;
      throw error;
    }
  }

  return {
    keepsNothing,
    forget: (workspaceId) => void cache.delete(workspaceId),
    async requireStorage(workspaceId, what) {
      if (!(await keepsNothing(workspaceId))) return;
      throw fail("invalid_request_error", {
        public: `${what} are not available in a workspace with zero data retention: their content would have to be stored.`,
      });
    },
  };
}
