/** What is taken ahead for those whose turns come one after the other, as `create-hold-reserve.ts` and `create-bucket-reserve.ts` do. */
export interface SimulatedReserve {
  /** False: there is none, and the turn takes its own. `fetch` takes for so many turns more, and says when it has. */
  take(id: number, nowMs: number, fetch: (count: number, done: (atMs: number) => void) => void): boolean;
  /** Whether something is there, or on its way. */
  isInUse(id: number): boolean;
}

const WINDOW_MS = 250;
const BUSY_TURNS = 8;

interface Stock {
  ready: number;
  filledAtMs: number;
  windowSinceMs: number;
  turnsNow: number;
  turnsBefore: number;
  isFilling: boolean;
}

/** `mostAhead`: turns; what is older than `freshMs` is given back. */
export function createSimulatedReserve({
  mostAhead,
  freshMs,
}: {
  readonly mostAhead: number;
  readonly freshMs: number;
}): SimulatedReserve {
  const stocks = new Map<number, Stock>();

  function note(stock: Stock, nowMs: number): void {
    const ageMs = nowMs - stock.windowSinceMs;
    if (ageMs >= WINDOW_MS) {
      stock.turnsBefore = ageMs < 2 * WINDOW_MS ? stock.turnsNow : 0;
      stock.turnsNow = 0;
      stock.windowSinceMs = nowMs;
    }
    stock.turnsNow += 1;
    if (nowMs - stock.filledAtMs > freshMs) stock.ready = 0;
  }

  return {
    take(id, nowMs, fetch) {
      let stock = stocks.get(id);
      if (stock === undefined) {
        stock = { ready: 0, filledAtMs: 0, windowSinceMs: nowMs, turnsNow: 0, turnsBefore: 0, isFilling: false };
        stocks.set(id, stock);
      }
      const found = stock;
      note(found, nowMs);
      const isThere = found.ready > 0;
      if (isThere) found.ready -= 1;
      const wished = Math.min(mostAhead, Math.max(found.turnsNow, found.turnsBefore));
      if (wished >= BUSY_TURNS && found.ready <= wished / 2 && !found.isFilling) {
        const missing = wished - found.ready;
        found.isFilling = true;
        fetch(missing, (atMs) => {
          found.isFilling = false;
          found.ready += missing;
          found.filledAtMs = atMs;
        });
      }
      return isThere;
    },
    isInUse(id) {
      const stock = stocks.get(id);
      return stock !== undefined && (stock.ready > 0 || stock.isFilling);
    },
  };
}
