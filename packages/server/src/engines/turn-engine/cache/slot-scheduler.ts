import type { Clock } from "../../../platform/clock.ts";
import { comesBefore, type InLine } from "../../../turn/comes-before.ts";
import type { Turn } from "../../../turn/turn.ts";

/** A slot held by one turn. What it holds in KV is tracked here so that the next turn can be put where it fits best. */
export interface SlotLease {
  readonly slot: number;
  /** Leading tokens of the request that the slot holds and may reuse; 0 when it held another workspace's. */
  readonly residentTokens: number;
  /** Tells what the slot holds now. Call it after each change: a cancelled turn leaves what it told last. */
  setResident(tokens: readonly number[]): void;
  release(): void;
}

export interface SlotRequest {
  readonly workspaceId: string;
  readonly priority: Turn["priority"];
  readonly sessionId: string | null;
  readonly tokens: readonly number[];
}

export interface SlotScheduler {
  /** Waits for a slot: priority first, batch last, and among equals the workspace that holds the fewest slots. */
  acquire(request: SlotRequest, signal: AbortSignal): Promise<SlotLease>;
  status(): { readonly slots: number; readonly busy: number; readonly queued: number };
}

interface Slot {
  readonly index: number;
  busyFor: string | null;
  workspaceId: string | null;
  sessionId: string | null;
  tokens: readonly number[];
  lastUsedMs: number;
}

interface Waiting {
  readonly request: SlotRequest;
  readonly order: number;
  grant(lease: SlotLease): void;
}

/** Assigns the slots of one loaded model to turns. */
export function createSlotScheduler(deps: { slots: number; clock: Clock }): SlotScheduler {
  const slots: Slot[] = Array.from({ length: deps.slots }, (_, index) => ({
    index,
    busyFor: null,
    workspaceId: null,
    sessionId: null,
    tokens: [],
    lastUsedMs: 0,
  }));
  const waiting: Waiting[] = [];
  let arrivals = 0;

  const held = (workspaceId: string): number => slots.filter((slot) => slot.busyFor === workspaceId).length;

  function nextWaiting(): Waiting | undefined {
    let best: Waiting | undefined;
    for (const candidate of waiting) {
      if (best === undefined || comesBefore(toInLine(candidate), toInLine(best), held)) best = candidate;
    }
    return best;
  }

  function grantFreeSlots(): void {
    for (;;) {
      const free = slots.filter((slot) => slot.busyFor === null);
      const next = nextWaiting();
      if (free.length === 0 || next === undefined) return;
      waiting.splice(waiting.indexOf(next), 1);
      next.grant(lend(chooseSlot(free, next.request), next.request));
    }
  }

  function lend(slot: Slot, request: SlotRequest): SlotLease {
    const residentTokens = slot.workspaceId === request.workspaceId ? commonPrefixLength(slot.tokens, request.tokens) : 0;
    slot.busyFor = request.workspaceId;
    slot.workspaceId = request.workspaceId;
    slot.sessionId = request.sessionId;
    slot.tokens = slot.tokens.slice(0, residentTokens);
    let released = false;
    return {
      slot: slot.index,
      residentTokens,
      setResident: (tokens) => {
        slot.tokens = tokens;
      },
      release: () => {
        if (released) return;
        released = true;
        slot.busyFor = null;
        slot.lastUsedMs = deps.clock.monotonicMs();
        grantFreeSlots();
      },
    };
  }

  return {
    acquire(request, signal) {
      signal.throwIfAborted();
      return new Promise((resolve, reject) => {
        const entry: Waiting = {
          request,
          order: arrivals++,
          grant: (lease) => {
            signal.removeEventListener("abort", onAbort);
            resolve(lease);
          },
        };
        const onAbort = (): void => {
          const at = waiting.indexOf(entry);
          if (at >= 0) waiting.splice(at, 1);
          reject(signal.reason as Error);
        };
        signal.addEventListener("abort", onAbort, { once: true });
        waiting.push(entry);
        grantFreeSlots();
      });
    },
    status: () => ({
      slots: slots.length,
      busy: slots.filter((slot) => slot.busyFor !== null).length,
      queued: waiting.length,
    }),
  };
}

function toInLine({ request: { workspaceId, priority }, order }: Waiting): InLine {
  return { workspaceId, priority, order };
}

/**
 * The free slot that already holds most of the request; else the session's last slot; else the least recently used.
 * A short common prefix (a template's constants) is no reason to push a useful conversation out of its slot.
 */
function chooseSlot(free: readonly Slot[], request: SlotRequest): Slot {
  const minimumUsefulTokens = 64;
  let best: { slot: Slot; common: number } | undefined;
  for (const slot of free) {
    const common = slot.workspaceId === request.workspaceId ? commonPrefixLength(slot.tokens, request.tokens) : 0;
    const mostOfSlot = common >= slot.tokens.length / 2;
    if (common >= minimumUsefulTokens && mostOfSlot && (best === undefined || common > best.common)) {
      best = { slot, common };
    }
  }
  if (best !== undefined) return best.slot;
  const leastRecent = free.toSorted((a, b) => a.lastUsedMs - b.lastUsedMs);
  const empty = leastRecent.find((slot) => slot.tokens.length === 0);
  if (empty !== undefined) return empty;
  const ofSession = leastRecent.find(
    (slot) => request.sessionId !== null && slot.sessionId === request.sessionId && slot.workspaceId === request.workspaceId,
  );
  const chosen = ofSession ?? leastRecent[0];
  if (chosen === undefined) throw new Error("chooseSlot needs a free slot");
  return chosen;
}

/** Number of leading tokens that two sequences share. */
function commonPrefixLength(a: readonly number[], b: readonly number[]): number {
  const end = Math.min(a.length, b.length);
  let at = 0;
  while (at < end && a[at] === b[at]) at += 1;
  return at;
}
