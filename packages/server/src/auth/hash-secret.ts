import { createHmac, createSecretKey, type KeyObject } from "node:crypto";

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
