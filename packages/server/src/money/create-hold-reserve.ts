import type { Clock } from "../platform/clock.ts";
import { newId } from "../platform/ids.ts";
import type { Log } from "../platform/log.ts";
import { createRecentUse, type RecentUse, WINDOW_MS } from "../platform/recent-use.ts";
import { createUnderWay } from "../platform/under-way.ts";
import type { Payers, WantedHold } from "../storage/spend.ts";

/** Who bears a turn's cost: the scopes that spend limits are set on. */
export type Payer = Pick<WantedHold, "organizationId" | "workspaceId" | "apiKeyId" | "userId">;

/** Money that is held for a turn still to come. */
export type HeldAhead = Pick<WantedHold, "requestId" | "nanoUsd">;

/**
 * Money held ahead for those whose turns come one after the other, so that such a turn waits for no statement. It is taken only while
 * plenty is left, is used within a second or given back, and is as good as any other hold: a turn that finds none holds its own.
 */
export interface HoldReserve extends AsyncDisposable {
  /** One that covers `nanoUsd`, from now on its turn's; null: there is none. Tells what is wanted at the same time. */
  take(payer: Payer, nanoUsd: bigint): HeldAhead | null;
  /** Gives back what lies ready of these; false: nothing did. */
  giveBack(payers: Payers): Promise<boolean>;
}

export interface HoldReserveOptions {
  /** All of it or nothing, and only where so much more is left everywhere. */
  readonly hold: (wanted: readonly WantedHold[], spareNanoUsd: bigint) => Promise<boolean>;
  readonly release: (holdIds: readonly string[]) => Promise<void>;
  readonly clock: Clock;
  readonly log: Pick<Log, "warn">;
}

/** Fewer turns in a window are none that money is held ahead for. */
const BUSY_TURNS = 8;
const MOST_AHEAD = 64;
/** Of what is free, at most this part is held ahead at once. */
const SHARE = 64n;
/** A spend limit that is set counts within a second: older money is not used. */
const FRESH_MS = 750;
/** How long money can lie ready unused, its return included. */
export const UNUSED_MS = 2_000;
/** Where there is not plenty, how soon it is looked at again. */
const PAUSE_MS = 1_000;

interface Stock {
  readonly payer: Payer;
  /** The oldest first. */
  ready: (HeldAhead & { readonly sinceMs: number })[];
  /** The dearest of the turns. */
  readonly recent: RecentUse<bigint>;
  /** While more is on its way, or there is none to be had. */
  noneBeforeMs: number;
}

export function createHoldReserve({ hold, release, clock, log }: HoldReserveOptions): HoldReserve {
  const stocks = new Map<string, Stock>();
  const underWay = createUnderWay();
  const sweeper = setInterval(() => void sweep(), WINDOW_MS);
  sweeper.unref();

  function stockOf(payer: Payer): Stock {
    const key = `${payer.workspaceId}/${payer.apiKeyId}/${payer.userId ?? ""}`;
    let stock = stocks.get(key);
    if (stock === undefined) {
      stock = { payer, ready: [], recent: createRecentUse(0n, clock.monotonicMs()), noneBeforeMs: 0 };
      stocks.set(key, stock);
    }
    return stock;
  }

  async function refill(stock: Stock, missing: number): Promise<void> {
    const nanoUsd = stock.recent.sums().reduce(dearerOf);
    const wanted = Array.from({ length: missing }, () => ({ ...stock.payer, requestId: newId("ahead"), nanoUsd }));
    const ids = wanted.map(({ requestId }) => requestId);
    // Of the asking: by a limit that is set while the answer is on its way it was not measured.
    const sinceMs = clock.monotonicMs();
    const isHeld = await hold(wanted, nanoUsd * BigInt(missing) * SHARE).catch((error: unknown) => {
      log.warn({ err: error }, "no money could be held ahead");
      return false;
    });
    stock.noneBeforeMs = isHeld ? 0 : clock.monotonicMs() + PAUSE_MS;
    if (isHeld) stock.ready.push(...ids.map((requestId) => ({ requestId, nanoUsd, sinceMs })));
    // It may have been held all the same: by a first try whose answer got lost, and of which the second found that too little is left.
    else await drop(ids);
  }

  async function drop(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const releasing = release(ids).catch((error: unknown) =>
      log.warn({ err: error }, "money held ahead was not given back; it lapses"),
    );
    await underWay.follow(releasing);
  }

  /** Takes out what `isGone` says, and gives it back. */
  async function dropWhere(isGone: (stock: Stock, ready: Stock["ready"][number]) => boolean): Promise<boolean> {
    const gone: string[] = [];
    for (const stock of stocks.values()) {
      if (stock.ready.length === 0) continue;
      stock.ready = stock.ready.filter((each) => {
        const isKept = !isGone(stock, each);
        if (!isKept) gone.push(each.requestId);
        return isKept;
      });
    }
    await drop(gone);
    return gone.length > 0;
  }

  async function sweep(): Promise<void> {
    const nowMs = clock.monotonicMs();
    for (const [key, { ready, recent, noneBeforeMs }] of stocks)
      if (ready.length === 0 && recent.isOver(nowMs) && nowMs >= noneBeforeMs) stocks.delete(key);
    await dropWhere((_stock, { sinceMs }) => nowMs - sinceMs > FRESH_MS);
  }

  return {
    take(payer, nanoUsd) {
      const nowMs = clock.monotonicMs();
      const stock = stockOf(payer);
      stock.recent.note(nowMs, (dearest) => dearerOf(dearest, nanoUsd));
      const wished = Math.min(MOST_AHEAD, stock.recent.count());
      const isFit = ({ sinceMs, nanoUsd: held }: Stock["ready"][number]) => held >= nanoUsd && nowMs - sinceMs <= FRESH_MS;
      const at = stock.ready.findIndex(isFit);
      const [taken = null] = at < 0 ? [] : stock.ready.splice(at, 1);
      if (wished >= BUSY_TURNS && stock.ready.length <= wished / 2 && nowMs >= stock.noneBeforeMs) {
        stock.noneBeforeMs = Infinity;
        void underWay.follow(refill(stock, wished - stock.ready.length));
      }
      return taken;
    },
    giveBack: (payers) => dropWhere(({ payer }) => isAmong(payer, payers)),
    async [Symbol.asyncDispose]() {
      clearInterval(sweeper);
      await underWay.settled();
      await dropWhere(() => true);
    },
  };
}

const dearerOf = (one: bigint, other: bigint): bigint => (one > other ? one : other);

function isAmong(payer: Payer, { organizationId, workspaceId, apiKeyId, userId }: Payers): boolean {
  return (
    payer.organizationId === organizationId &&
    (workspaceId === undefined || payer.workspaceId === workspaceId) &&
    (apiKeyId === undefined || payer.apiKeyId === apiKeyId) &&
    (userId === undefined || payer.userId === userId)
  );
}
