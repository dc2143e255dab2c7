import { type HoldOutcome, type HoldPolicy, holdSpend, type WantedHold } from "../storage/spend.ts";
import type { Storage } from "../storage/storage.ts";

const MAX_BATCH = 100;

interface Waiting {
  readonly wanted: WantedHold;
  resolve(outcome: HoldOutcome): void;
  reject(error: unknown): void;
}

/** Holds money with one statement at a time: turns that begin together share it, and its lock on their account. */
export function createHoldQueue({ storage, policy }: { readonly storage: Storage; readonly policy: HoldPolicy }) {
  const queue: Waiting[] = [];
  let isRunning = false;

  async function drain(): Promise<void> {
    isRunning = true;
    while (queue.length > 0) {
      const batch = queue.splice(0, MAX_BATCH);
      try {
        const outcomes = await holdSpend(
          storage,
          batch.map((each) => each.wanted),
          policy,
        );
        for (const [index, each] of batch.entries()) {
          const outcome = outcomes[index];
          if (outcome) each.resolve(outcome);
          else each.reject(new Error("the database held for fewer turns than it was asked"));
        }
      } catch (error) {
        for (const each of batch) each.reject(error);
      }
    }
    isRunning = false;
  }

  return (wanted: WantedHold): Promise<HoldOutcome> =>
    new Promise((resolve, reject) => {
      queue.push({ wanted, resolve, reject });
      if (!isRunning) void drain();
    });
}
