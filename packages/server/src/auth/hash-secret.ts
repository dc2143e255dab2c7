import { createHmac, createSecretKey, hash, type KeyObject } from "node:crypto";
import { createSizedCache } from "../platform/sized-cache.ts";

/** A key given as bytes is prepared anew for each hash, which costs more than the hash of a secret. */
const prepared = new WeakMap<Buffer, KeyObject>();

/** How a secret is stored and looked up. Keyed, so that a stolen table cannot even be tested against guesses. */
export function hashSecret(hmacKey: Buffer, secret: string): string {
  let key = prepared.get(hmacKey);
  if (!key) {
    key = createSecretKey(hmacKey);
    prepared.set(hmacKey, key);
  }
  return createHmac("sha256", key).update(secret).digest("base64url");
}

const MOST_KNOWN = 10_000;

/** The same for secrets that come again and again, which are known by a cheaper digest: they have too much chance in them to be guessed. */
export function createSecretHasher(hmacKey: Buffer): (secret: string) => string {
  const known = createSizedCache<string>({ maxWeight: MOST_KNOWN, weigh: () => 1 });
  return (secret) => {
    const digest = hash("sha256", secret, "base64url");
    let hashed = known.get(digest);
    if (hashed === undefined) {
      hashed = hashSecret(hmacKey, secret);
      known.set(digest, hashed);
    }
    return hashed;
  };
}
