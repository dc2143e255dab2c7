import { gather } from "../platform/gather.ts";
import { type HoldOutcome, type HoldPolicy, holdSpend, type WantedHold } from "../storage/spend.ts";
import type { Storage } from "../storage/storage.ts";

const MAX_BATCH = 100;

/** Holds money with one statement at a time: turns that begin together share it, and its lock on their account. */
export function createHoldQueue({ storage, policy }: { readonly storage: Storage; readonly policy: HoldPolicy }) {
  return gather((wanted: readonly WantedHold[]): Promise<HoldOutcome[]> => holdSpend(storage, wanted, policy), MAX_BATCH);
}
