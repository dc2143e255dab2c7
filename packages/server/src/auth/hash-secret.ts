import { createHmac } from "node:crypto";

/** How a secret is stored and looked up. Keyed, so that a stolen table cannot even be tested against guesses. */
export function hashSecret(hmacKey: Buffer, secret: string): string {
  return createHmac("sha256", hmacKey).update(secret).digest("base64url");
}
