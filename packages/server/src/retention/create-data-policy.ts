import type { Clock } from "../platform/clock.ts";
import { type Failure, fail } from "../platform/fail.ts";
import { createReadings } from "../storage/create-readings.ts";
import { findDataPolicy } from "../storage/data-policies.ts";
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

export function createDataPolicy({ storage, clock }: { readonly storage: Storage; readonly clock: Clock }): DataPolicy {
  const readings = createReadings({
    clock,
    read: async (workspaceId) => (await findDataPolicy(storage, workspaceId)).zeroDataRetention,
  });
  const keepsNothing = (workspaceId: string): Promise<boolean> => readings.of(workspaceId);

  return {
    keepsNothing,
    forget: (workspaceId) => readings.forget(workspaceId),
    async requireStorage(workspaceId, what) {
      if (!(await keepsNothing(workspaceId))) return;
      throw storageRefused(what);
    },
  };
}

/** Of what a workspace with zero data retention cannot have. */
export function storageRefused(what: string): Failure {
  return fail("invalid_request_error", {
    public: `${what} are not available in a workspace with zero data retention: their content would have to be stored.`,
  });
}
