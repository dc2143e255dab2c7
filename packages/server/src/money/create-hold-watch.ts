import type { Clock } from "../platform/clock.ts";
import { dropLapsedHolds, listSpendHolds, type SeenHold } from "../storage/spend.ts";
import type { Storage } from "../storage/storage.ts";

/**
 * Finds holds that nobody renews. How long one has stayed the same is measured by this process's monotonic clock: the database's
 * may be set while turns run, and neither frees what they hold nor keeps what dead processes held.
 */
export function createHoldWatch(options: { readonly storage: Storage; readonly clock: Clock; readonly lapseMs: number }) {
  const { storage, clock, lapseMs } = options;
  let seen = new Map<string, { readonly hold: SeenHold; readonly sinceMs: number }>();

  /** Looks at every hold, and drops those that have stayed the same since a look so long ago. */
  return async function look(): Promise<void> {
    const nowMs = clock.monotonicMs();
    const before = seen;
    seen = new Map(
      (await listSpendHolds(storage)).map((hold) => {
        const last = before.get(hold.requestId);
        return [hold.requestId, last?.hold.expiry === hold.expiry ? last : { hold, sinceMs: nowMs }];
      }),
    );
    const lapsed = [...seen.values()].filter(({ sinceMs }) => nowMs - sinceMs >= lapseMs);
    if (lapsed.length > 0)
      await dropLapsedHolds(
        storage,
        lapsed.map(({ hold }) => hold),
      );
  };
}
