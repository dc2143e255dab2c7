import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import type { BucketDemand, BucketStore } from "./bucket-store.ts";
import { type Bucket, type BucketReading, fullBucket, readBucket, refill, withdraw } from "./token-bucket.ts";

/** What is taken ahead is for about so long. */
const WINDOW_MS = 250;
/** Fewer takes in a window are none that anything is taken ahead for. */
const BUSY_TAKES = 8;
/** So many times what is taken ahead must be left in each bucket. */
const SPARE = 32;
/** Where there is not plenty, how soon it is looked at again. */
const PAUSE_MS = 1_000;

/** Buckets that are taken from together, and what was taken from them ahead. Tokens are by bucket. */
interface Stock {
  readonly wanted: readonly Pick<BucketDemand, "key" | "limitPerMinute">[];
  /** As the store had them when it was last asked. */
  buckets: readonly Bucket[];
  /** Ours, and not used. Below zero: used without having been taken, until the next look settles it. */
  ready: number[];
  windowSinceMs: number;
  /** Takes, and their tokens, in this window and in the one before. */
  takes: readonly [now: number, before: number];
  tokens: readonly [now: readonly number[], before: readonly number[]];
  /** While more is on its way, or there is none to be had. */
  noneBeforeMs: number;
}

/**
 * Takes tokens ahead for who takes often, so that most takes of a busy process ask no shared store. What turns give back serves the next ones;
 * what is too much goes to the store within half a second. No limit is exceeded, as all that is granted was taken before. Where less is left
 * than eight seconds of what is being used, nothing is taken ahead. A process that is killed loses what it had: a quarter of a
 * second of its use, which is refilled with time. See docs/decisions/2026-11-21-limit-stores.md.
 */
export function createBucketReserve(options: {
  readonly store: BucketStore;
  /** For settlements that nobody waits for. */
  readonly queue: Pick<BucketStore, "settle">;
  readonly clock: Clock;
  readonly log: Pick<Log, "warn">;
}): BucketStore & AsyncDisposable {
  const { store, queue, clock, log } = options;
  const stocks = new Map<string, Stock>();
  const refills = new Set<Promise<void>>();
  const sweeper = setInterval(() => void sweep(), WINDOW_MS);
  sweeper.unref();
  const now = (): number => Math.floor(clock.monotonicMs());

  function stockOf(demands: readonly BucketDemand[], nowMs: number): Stock {
    const name = nameOf(demands);
    let stock = stocks.get(name);
    if (stock === undefined) {
      stock = newStock(demands, nowMs);
      stocks.set(name, stock);
    }
    return stock;
  }

  /** Takes ahead for as much as came in a window, where there is plenty. */
  function refillWhereLow(stock: Stock, nowMs: number): void {
    if (nowMs < stock.noneBeforeMs || Math.max(...stock.takes) < BUSY_TAKES) return;
    const wished = stock.wanted.map((_, index) => wish(stock, index, nowMs));
    if (!wished.some((tokens, index) => tokens > 0 && at(stock.ready, index) <= tokens / 2)) return;
    const missing = wished.map((tokens, index) => Math.max(0, tokens - at(stock.ready, index)));
    const isPlenty = stock.buckets.every(
      (bucket, index) => readBucket(refill(bucket, nowMs)).remaining >= at(missing, index) * SPARE,
    );
    stock.noneBeforeMs = isPlenty ? Number.POSITIVE_INFINITY : nowMs + PAUSE_MS;
    if (!isPlenty) return;
    const refilling = takeAhead(stock, missing).finally(() => refills.delete(refilling));
    refills.add(refilling);
  }

  async function takeAhead(stock: Stock, missing: readonly number[]): Promise<void> {
    try {
      const { taken, readings } = await store.take(toDemands(stock, missing));
      stock.buckets = toBuckets(readings, now());
      if (taken) stock.ready = stock.ready.map((tokens, index) => tokens + at(missing, index));
      stock.noneBeforeMs = taken ? 0 : now() + PAUSE_MS;
    } catch (error) {
      stock.noneBeforeMs = now() + PAUSE_MS;
      log.warn({ err: error }, "nothing could be taken from limits ahead");
    }
  }

  /** Settles what each of these has beyond what it is to keep. False: there was nothing. */
  async function release(some: Iterable<Stock>, keep: (stock: Stock, index: number) => number): Promise<boolean> {
    const demands = new Map<string, BucketDemand>();
    for (const stock of some) {
      if (!isInUse(stock)) continue;
      const kept = stock.ready.map((tokens, index) => Math.max(0, Math.min(tokens, keep(stock, index))));
      const used = kept.map((tokens, index) => tokens - at(stock.ready, index));
      stock.ready = kept;
      stock.buckets = stock.buckets.map((bucket, index) => withdraw(bucket, at(used, index)));
      for (const demand of toDemands(stock, used)) {
        const others = demands.get(demand.key)?.tokens ?? 0;
        if (demand.tokens !== 0) demands.set(demand.key, { ...demand, tokens: demand.tokens + others });
      }
    }
    if (demands.size === 0) return false;
    await store
      .settle([...demands.values()])
      .catch((error: unknown) => log.warn({ err: error }, "what was taken from limits ahead was not given back"));
    return true;
  }

  async function sweep(): Promise<void> {
    const nowMs = now();
    for (const [name, stock] of stocks) if (isOver(stock, nowMs) && !isInUse(stock)) stocks.delete(name);
    await release(stocks.values(), (stock, index) => wish(stock, index, nowMs));
  }

  /** Tokens of a bucket, of all that take from it. */
  function aheadOf(key: string | undefined): number {
    let tokens = 0;
    for (const { wanted, ready } of stocks.values())
      tokens += at(
        ready,
        wanted.findIndex((each) => each.key === key),
      );
    return tokens;
  }

  /** All that this process has ahead of any of these buckets. */
  function giveBack(demands: readonly BucketDemand[]): Promise<boolean> {
    const keys = new Set(demands.map(({ key }) => key));
    const sharers = [...stocks.values()].filter(({ wanted }) => wanted.some(({ key }) => keys.has(key)));
    return release(sharers, () => 0);
  }

  return {
    async take(demands) {
      const nowMs = now();
      const stock = stockOf(demands, nowMs);
      note(stock, demands, nowMs);
      if (isInUse(stock) && demands.every(({ tokens }, index) => at(stock.ready, index) >= tokens)) {
        use(stock, demands);
        refillWhereLow(stock, nowMs);
        return { taken: true, readings: readingsOf(stock, nowMs) };
      }
      let outcome = await store.take(demands);
      if (!outcome.taken && (await giveBack(demands))) outcome = await store.take(demands);
      stock.buckets = toBuckets(outcome.readings, now());
      if (outcome.taken) refillWhereLow(stock, now());
      return outcome;
    },
    async settle(demands) {
      const stock = stocks.get(nameOf(demands));
      if (stock === undefined || !isInUse(stock)) return queue.settle(demands);
      use(stock, demands);
    },
    async read(demands) {
      // What is on its way is gone from the store, and not here yet.
      await Promise.all(refills);
      const readings = await store.read(demands);
      return toBuckets(readings, now()).map((bucket, index) => readBucket(withdraw(bucket, -aheadOf(demands[index]?.key))));
    },
    async [Symbol.asyncDispose]() {
      clearInterval(sweeper);
      await Promise.all(refills);
      await release(stocks.values(), () => 0);
    },
  };
}

/** Under another limit a bucket is another: what was taken ahead of the old one goes back. */
const nameOf = (demands: readonly BucketDemand[]): string =>
  demands.map(({ key, limitPerMinute }) => `${key} ${limitPerMinute}`).join("\n");

const at = (tokens: readonly number[], index: number): number => tokens[index] ?? 0;

function newStock(demands: readonly BucketDemand[], nowMs: number): Stock {
  const none = demands.map(() => 0);
  return {
    wanted: demands.map(({ key, limitPerMinute }) => ({ key, limitPerMinute })),
    buckets: demands.map(({ limitPerMinute }) => fullBucket(limitPerMinute, nowMs)),
    ready: none,
    windowSinceMs: nowMs,
    takes: [0, 0],
    tokens: [none, none],
    noneBeforeMs: 0,
  };
}

function use(stock: Stock, demands: readonly BucketDemand[]): void {
  stock.ready = stock.ready.map((tokens, index) => tokens - (demands[index]?.tokens ?? 0));
}

/** Something is ready, or on its way. */
const isInUse = ({ ready, noneBeforeMs }: Stock): boolean =>
  noneBeforeMs === Number.POSITIVE_INFINITY || ready.some((tokens) => tokens !== 0);

const isOver = ({ windowSinceMs }: Stock, nowMs: number): boolean => nowMs - windowSinceMs >= 2 * WINDOW_MS;

/** What came in a window of late. */
const wish = (stock: Stock, index: number, nowMs: number): number =>
  isOver(stock, nowMs) ? 0 : Math.max(at(stock.tokens[0], index), at(stock.tokens[1], index));

function note(stock: Stock, demands: readonly BucketDemand[], nowMs: number): void {
  if (nowMs - stock.windowSinceMs >= WINDOW_MS) {
    const isNext = !isOver(stock, nowMs);
    const none = demands.map(() => 0);
    stock.takes = [0, isNext ? stock.takes[0] : 0];
    stock.tokens = [none, isNext ? stock.tokens[0] : none];
    stock.windowSinceMs = nowMs;
  }
  stock.takes = [stock.takes[0] + 1, stock.takes[1]];
  stock.tokens = [stock.tokens[0].map((tokens, index) => tokens + (demands[index]?.tokens ?? 0)), stock.tokens[1]];
}

const toDemands = ({ wanted }: Stock, tokens: readonly number[]): BucketDemand[] =>
  wanted.map((each, index) => ({ ...each, tokens: at(tokens, index) }));

/** What readings of the store say of its buckets: in whole milliseconds and in whole tokens, of which whichever says more. */
const toBuckets = (readings: readonly BucketReading[], nowMs: number): Bucket[] =>
  readings.map(({ limitPerMinute, remaining, fullInMs }) => {
    const full = fullBucket(limitPerMinute, nowMs);
    const byTime = full.levelUnits - fullInMs * limitPerMinute;
    const byTokens = withdraw(full, limitPerMinute - remaining).levelUnits;
    return { ...full, levelUnits: byTime < 0 ? byTime : Math.max(byTime, byTokens) };
  });

/** As the store's buckets must stand by now, with what is ours. */
const readingsOf = ({ buckets, ready }: Stock, nowMs: number): BucketReading[] =>
  buckets.map((bucket, index) => readBucket(withdraw(refill(bucket, nowMs), -at(ready, index))));
