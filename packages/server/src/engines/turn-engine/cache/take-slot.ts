import type { PendingPrefixes } from "./pending-prefixes.ts";
import type { SlotLease, SlotRequest, SlotScheduler } from "./slot-scheduler.ts";

export interface TakenSlot<Plan> {
  readonly lease: SlotLease;
  readonly plan: Plan;
  /** Says that the prefixes are stored, or given up; the second call does nothing. */
  readonly stored: () => void;
}

/**
 * A slot for a turn that stores prefixes. While another turn computes one of them this one holds no slot; and only a turn
 * that holds a slot announces, as one that queues would keep others waiting for what it may compute much later.
 */
export async function takeSlot<Plan>(
  deps: { readonly scheduler: SlotScheduler; readonly pending: PendingPrefixes },
  turn: {
    readonly request: SlotRequest;
    /** What is cached changes while a turn waits. */
    readonly plan: () => Plan;
    readonly keysOf: (plan: Plan) => readonly string[];
  },
  signal: AbortSignal,
): Promise<TakenSlot<Plan>> {
  const { scheduler, pending } = deps;
  for (;;) {
    await pending.wait(turn.keysOf(turn.plan()), signal);
    const lease = await scheduler.acquire(turn.request, signal);
    const plan = turn.plan();
    const keys = turn.keysOf(plan);
    if (!pending.has(keys)) return { lease, plan, stored: pending.announce(keys) };
    lease.release();
  }
}
