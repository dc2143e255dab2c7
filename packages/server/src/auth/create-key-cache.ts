import type { Clock } from "../platform/clock.ts";
import { gather } from "../platform/gather.ts";
import { isOutage } from "../storage/outage.ts";
import type { StorageLog } from "../storage/log.ts";

/** From here a key that is in use is looked up again behind the request, so that a steady client never waits for it. */
const REFRESH_AFTER_MS = 400;
/** From here the request waits for the look-up: a revocation on another node takes effect within a second. */
const TRUST_MS = 800;
/** While the database is down, keys seen lately keep working this long. */
const OUTAGE_TRUST_MS = 60_000;
/** How long a known key's request waits for a database that does not answer before it is trusted for now. */
const OUTAGE_PATIENCE_MS = 250;
const MAX_CACHED_KEYS = 10_000;
const FLUSH_USES_EVERY_MS = 10_000;
/** Keys in one look-up. */
const FOUND_AT_ONCE_MAX = 200;

/** What the cache needs to know of a key that is live in the database. */
interface Live {
  readonly id: string;
  readonly expiresAtMs: number | null;
}

export interface KeyCache<Key extends Live> extends AsyncDisposable {
  /** The live key of a hash, noted as used now; null for anything else. */
  use(hash: string): Promise<Key | null>;
  /** Drops a key: the next request with it asks the database. */
  forget(id: string): void;
  /** Writes the last uses and stops the timer. */
  close(): Promise<void>;
}

export interface KeyCacheOptions<Key extends Live> {
  readonly clock: Clock;
  readonly log: StorageLog;
  /** The live ones of these. */
  readonly find: (hashes: readonly string[]) => Promise<ReadonlyMap<string, Key>>;
  /** Writes last uses, by id. */
  readonly touch: (usedAtMs: ReadonlyMap<string, number>) => Promise<void>;
}

interface Entry<Key> {
  readonly key: Key;
  /** Monotonic. */
  readonly checkedAtMs: number;
}

/** A small cache of live keys whose entries are re-checked within a second. */
export function createKeyCache<Key extends Live>({ clock, log, find, touch }: KeyCacheOptions<Key>): KeyCache<Key> {
  /** By hash, the least lately used first. */
  const cache = new Map<string, Entry<Key>>();
  const lookups = new Map<string, Promise<Key | null>>();
  const usedAtMs = new Map<string, number>();
  /** Counts revocations: a look-up that began before one must not fill the cache after it. */
  let generation = 0;

  const timer = setInterval(() => void flushUses(), FLUSH_USES_EVERY_MS);
  timer.unref();

  async function flushUses(): Promise<void> {
    const uses = new Map(usedAtMs);
    usedAtMs.clear();
    try {
      await touch(uses);
    } catch (error) {
      // The times are a convenience: kept for the next round, newer ones first.
      for (const [id, atMs] of uses) usedAtMs.set(id, Math.max(atMs, usedAtMs.get(id) ?? 0));
      log.warn({ err: error }, "the last uses of keys could not be written");
    }
  }

  const findGathered = gather(async (hashes: readonly string[]) => {
    const found = await find(hashes);
    return hashes.map((hash) => found.get(hash) ?? null);
  }, FOUND_AT_ONCE_MAX);

  /** One look-up for any number of requests with the same key at once, and one query for those with others meanwhile. */
  function lookUp(hash: string): Promise<Key | null> {
    const running = lookups.get(hash);
    if (running) return running;
    const begun = generation;
    const lookup = findGathered(hash)
      .then((key) => {
        if (begun === generation) remember(hash, key);
        return key;
      })
      .finally(() => {
        if (lookups.get(hash) === lookup) lookups.delete(hash);
      });
    lookups.set(hash, lookup);
    return lookup;
  }

  function remember(hash: string, key: Key | null): void {
    cache.delete(hash);
    if (!key) return;
    cache.set(hash, { key, checkedAtMs: clock.monotonicMs() });
    const oldest = cache.keys().next();
    if (cache.size > MAX_CACHED_KEYS && !oldest.done) cache.delete(oldest.value);
  }

  async function resolve(hash: string): Promise<Key | null> {
    const entry = cache.get(hash);
    if (!entry) return lookUp(hash);
    const ageMs = clock.monotonicMs() - entry.checkedAtMs;
    if (ageMs < TRUST_MS) {
      if (ageMs >= REFRESH_AFTER_MS) lookUp(hash).catch(() => undefined);
      return entry.key;
    }
    if (ageMs >= OUTAGE_TRUST_MS) return lookUp(hash);
    return orWithin(lookUp(hash), OUTAGE_PATIENCE_MS, entry.key);
  }

  return {
    async use(hash) {
      const key = await resolve(hash);
      if (!key || (key.expiresAtMs !== null && key.expiresAtMs <= clock.nowMs())) return null;
      usedAtMs.set(key.id, clock.nowMs());
      return key;
    },
    forget(id) {
      generation += 1;
      lookups.clear();
      for (const [hash, entry] of cache) {
        if (entry.key.id === id) cache.delete(hash);
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  };

  async function close(): Promise<void> {
    clearInterval(timer);
    await flushUses();
  }
}

/** The look-up's answer; the known key instead when the database says that it is out, or says nothing in time. */
function orWithin<Key>(lookup: Promise<Key | null>, patienceMs: number, known: Key): Promise<Key | null> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(known), patienceMs);
    lookup
      .then(resolve, (error: unknown) =>
        isOutage(error) ? resolve(known) : reject(error instanceof Error ? error : new Error(String(error))),
      )
      .finally(() => clearTimeout(timer));
  });
}
