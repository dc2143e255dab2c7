/** Money held ahead for keys whose turns come one after the other, as `create-hold-reserve.ts` does. */
export interface SimulatedReserve {
  /** False: there is none, and the turn holds its own. */
  take(key: number, organization: number, nowMs: number): boolean;
}

const WINDOW_MS = 250;
const BUSY_TURNS = 8;
const MOST_AHEAD = 64;
/** Older money is given back. */
const FRESH_MS = 750;

interface Stock {
  ready: number;
  filledAtMs: number;
  windowSinceMs: number;
  turnsNow: number;
  turnsBefore: number;
  isFilling: boolean;
}

/** `hold`: one statement for so many turns of an organization. */
export function createSimulatedReserve(
  hold: (organization: number, count: number, done: (atMs: number) => void) => void,
): SimulatedReserve {
  const stocks = new Map<number, Stock>();

  function note(stock: Stock, nowMs: number): void {
    const ageMs = nowMs - stock.windowSinceMs;
    if (ageMs >= WINDOW_MS) {
      stock.turnsBefore = ageMs < 2 * WINDOW_MS ? stock.turnsNow : 0;
      stock.turnsNow = 0;
      stock.windowSinceMs = nowMs;
    }
    stock.turnsNow += 1;
    if (nowMs - stock.filledAtMs > FRESH_MS) stock.ready = 0;
  }

  return {
    take(key, organization, nowMs) {
      let stock = stocks.get(key);
      if (stock === undefined) {
        stock = { ready: 0, filledAtMs: 0, windowSinceMs: nowMs, turnsNow: 0, turnsBefore: 0, isFilling: false };
        stocks.set(key, stock);
      }
      const found = stock;
      note(found, nowMs);
      const isThere = found.ready > 0;
      if (isThere) found.ready -= 1;
      const wished = Math.min(MOST_AHEAD, Math.max(found.turnsNow, found.turnsBefore));
      if (wished >= BUSY_TURNS && found.ready <= wished / 2 && !found.isFilling) {
        const missing = wished - found.ready;
        found.isFilling = true;
        hold(organization, missing, (atMs) => {
          found.isFilling = false;
          found.ready += missing;
          found.filledAtMs = atMs;
        });
      }
      return isThere;
    },
  };
}
