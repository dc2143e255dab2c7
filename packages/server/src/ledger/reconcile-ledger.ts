import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import type { Metrics } from "../platform/metrics.ts";
import { countDifferences, type ReconciliationCheck } from "../storage/reconcile.ts";
import type { Storage } from "../storage/storage.ts";

export interface ReconcileDeps {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: Pick<Log, "info" | "error">;
  readonly metrics: Pick<Metrics, "reconciled">;
}

/** Compares this month's ledger and the last one's with the sums, the accounts and the credits; tells what differs as metrics. */
export async function reconcileLedger(deps: ReconcileDeps): Promise<Record<ReconciliationCheck, number>> {
  const now = new Date(deps.clock.nowMs());
  const differences = await countDifferences(deps.storage, Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1));
  deps.metrics.reconciled(differences);
  if (Object.values(differences).some((count) => count > 0)) deps.log.error({ differences }, "the ledger and its sums differ");
  else deps.log.info("the ledger, its sums and the credits agree");
  return differences;
}
