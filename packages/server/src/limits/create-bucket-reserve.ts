import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import { createRecentUse, type RecentUse, WINDOW_MS } from "../platform/recent-use.ts";
import { createUnderWay } from "../platform/under-way.ts";
import type { BucketDemand, BucketStore } from "./bucket-store.ts";
import { type Bucket, type BucketReading, fullBucket, readBucket, refill, waitMs, withdraw } from "./token-bucket.ts";

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
  readonly recent: RecentUse<readonly number[]>;
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
  /** Between the store and here, and in neither. */
  const underWay = createUnderWay();
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
    if (nowMs < stock.noneBeforeMs || stock.recent.count() < BUSY_TAKES) return;
    const wished = stock.wanted.map((_, index) => wish(stock, index, nowMs));
    if (!wished.some((tokens, index) => tokens > 0 && at(stock.ready, index) <= tokens / 2)) return;
    const missing = wished.map((tokens, index) => Math.max(0, tokens - at(stock.ready, index)));
    const isPlenty = stock.buckets.every(
      (bucket, index) => readBucket(refill(bucket, nowMs)).remaining >= at(missing, index) * SPARE,
    );
    stock.noneBeforeMs = isPlenty ? Number.POSITIVE_INFINITY : nowMs + PAUSE_MS;
    if (isPlenty) void underWay.follow(takeAhead(stock, missing));
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
    const settling = store
      .settle([...demands.values()])
      .catch((error: unknown) => log.warn({ err: error }, "what was taken from limits ahead was not given back"));
    await underWay.follow(settling);
    return true;
  }

  async function sweep(): Promise<void> {
    const nowMs = now();
    for (const [name, stock] of stocks) if (stock.recent.isOver(nowMs) && !isInUse(stock)) stocks.delete(name);
    await release(stocks.values(), (stock, index) => wish(stock, index, nowMs));
  }

  /** Tokens of a bucket, of all that take from it. */
  function aheadOf(key: string | undefined): number {
    let tokens = 0;
    for (const stock of stocks.values()) {
      if (!isInUse(stock)) continue;
      const index = stock.wanted.findIndex((each) => each.key === key);
      tokens += at(stock.ready, index);
    }
    return tokens;
  }

  /** The store's buckets with what is ours. */
  const withOurs = (demands: readonly BucketDemand[], readings: readonly BucketReading[]): Bucket[] =>
    toBuckets(readings, now()).map((bucket, index) => withdraw(bucket, -aheadOf(demands[index]?.key)));

  /**
   * Gives back all that this process has ahead of any of these buckets, where a take that was refused would then fit: who is refused anyway takes
   * it from nobody. False: it would not, or there was nothing.
   */
  async function giveBackFor(demands: readonly BucketDemand[], readings: readonly BucketReading[]): Promise<boolean> {
    await underWay.settled();
    // Of a reading up to a millisecond's refill is rounded away.
    const wouldFit = withOurs(demands, readings).every((bucket, index) => waitMs(bucket, demands[index]?.tokens ?? 0) <= 1);
    return wouldFit && giveBack(demands);
  }

  function giveBack(demands: readonly BucketDemand[]): Promise<boolean> {
    const keys = new Set(demands.map(({ key }) => key));
    const sharers = [...stocks.values()].filter(({ wanted }) => wanted.some(({ key }) => keys.has(key)));
    return release(sharers, () => 0);
  }

  return {
    async take(demands) {
      const nowMs = now();
      const stock = stockOf(demands, nowMs);
      stock.recent.note(nowMs, (sums) => sums.map((tokens, index) => tokens + (demands[index]?.tokens ?? 0)));
      if (isInUse(stock) && demands.every(({ tokens }, index) => at(stock.ready, index) >= tokens)) {
        use(stock, demands);
        refillWhereLow(stock, nowMs);
        return { taken: true, readings: readingsOf(stock, nowMs) };
      }
      let outcome = await store.take(demands);
      if (!outcome.taken && (await giveBackFor(demands, outcome.readings))) outcome = await store.take(demands);
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
      await underWay.settled();
      return withOurs(demands, await store.read(demands)).map(readBucket);
    },
    async [Symbol.asyncDispose]() {
      clearInterval(sweeper);
      await underWay.settled();
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
    recent: createRecentUse<readonly number[]>(none, nowMs),
    noneBeforeMs: 0,
  };
}

function use(stock: Stock, demands: readonly BucketDemand[]): void {
  stock.ready = stock.ready.map((tokens, index) => tokens - (demands[index]?.tokens ?? 0));
}

/** Something is ready, or on its way. */
const isInUse = ({ ready, noneBeforeMs }: Stock): boolean =>
  noneBeforeMs === Number.POSITIVE_INFINITY || ready.some((tokens) => tokens !== 0);

/** What came in a window of late. */
const wish = ({ recent }: Stock, index: number, nowMs: number): number =>
  recent.isOver(nowMs) ? 0 : Math.max(...recent.sums().map((tokens) => at(tokens, index)));

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
