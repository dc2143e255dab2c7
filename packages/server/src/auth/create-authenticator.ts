import type { Clock } from "../platform/clock.ts";
import { fail } from "../platform/fail.ts";
import { findLiveApiKey, touchApiKeys, type LiveApiKey } from "../storage/api-keys.ts";
import { isOutage } from "../storage/outage.ts";
import type { Storage } from "../storage/storage.ts";
import { hashApiKeySecret, isApiKeySecret } from "./api-key-secret.ts";
import type { Authenticator, Principal } from "./principal.ts";

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

export interface ApiKeyAuthenticator extends Authenticator, AsyncDisposable {
  /** Drops a key from the cache: the next request with it asks the database. */
  forget(apiKeyId: string): void;
  /** Writes the last uses and stops the timer. */
  close(): Promise<void>;
}

export interface AuthenticatorDeps {
  readonly storage: Storage;
  /** `deriveKey(master, API_KEY_PURPOSE)`. */
  readonly hmacKey: Buffer;
  readonly clock: Clock;
}

interface CacheEntry {
  readonly key: LiveApiKey;
  /** Monotonic. */
  readonly checkedAtMs: number;
}

/** Resolves API keys through a small cache whose entries are re-checked within a second. */
export function createAuthenticator({ storage, hmacKey, clock }: AuthenticatorDeps): ApiKeyAuthenticator {
  /** By hash, the least lately used first. */
  const cache = new Map<string, CacheEntry>();
  const lookups = new Map<string, Promise<LiveApiKey | null>>();
  const usedAtMs = new Map<string, number>();
  /** Counts revocations: a look-up that began before one must not fill the cache after it. */
  let generation = 0;

  const timer = setInterval(() => void flushUses(), FLUSH_USES_EVERY_MS);
  timer.unref();

  async function flushUses(): Promise<void> {
    const uses = new Map(usedAtMs);
    usedAtMs.clear();
    try {
      await touchApiKeys(storage, uses);
    } catch (error) {
      // The times are a convenience: kept for the next round, newer ones first.
      for (const [id, atMs] of uses) usedAtMs.set(id, Math.max(atMs, usedAtMs.get(id) ?? 0));
      storage.log.warn({ err: error }, "the last uses of API keys could not be written");
    }
  }

  /** One query for any number of requests with the same key at once. */
  function lookUp(hash: string): Promise<LiveApiKey | null> {
    const running = lookups.get(hash);
    if (running) return running;
    const begun = generation;
    const lookup = findLiveApiKey(storage, hash)
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

  function remember(hash: string, key: LiveApiKey | null): void {
    cache.delete(hash);
    if (!key) return;
    cache.set(hash, { key, checkedAtMs: clock.monotonicMs() });
    const oldest = cache.keys().next();
    if (cache.size > MAX_CACHED_KEYS && !oldest.done) cache.delete(oldest.value);
  }

  async function resolve(hash: string): Promise<LiveApiKey | null> {
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
    async authenticate(secret): Promise<Principal> {
      // Nothing else can be a key, so a flood of junk costs no query.
      const key = isApiKeySecret(secret) ? await resolve(hashApiKeySecret(hmacKey, secret)) : null;
      if (!key || (key.expiresAtMs !== null && key.expiresAtMs <= clock.nowMs())) {
        throw fail("authentication_error", { public: "invalid x-api-key" });
      }
      usedAtMs.set(key.id, clock.nowMs());
      return { organizationId: key.organizationId, workspaceId: key.workspaceId, apiKeyId: key.id };
    },
    async authenticateAdmin() {
      throw fail("authentication_error", { public: "invalid x-api-key" });
    },
    forget(apiKeyId) {
      generation += 1;
      lookups.clear();
      for (const [hash, entry] of cache) {
        if (entry.key.id === apiKeyId) cache.delete(hash);
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
function orWithin(lookup: Promise<LiveApiKey | null>, patienceMs: number, known: LiveApiKey): Promise<LiveApiKey | null> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(known), patienceMs);
    lookup
      .then(resolve, (error: unknown) =>
        isOutage(error) ? resolve(known) : reject(error instanceof Error ? error : new Error(String(error))),
      )
      .finally(() => clearTimeout(timer));
  });
}
