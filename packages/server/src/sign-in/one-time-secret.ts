import { createHmac, randomBytes } from "node:crypto";

const SECRET_BYTES = 32;

/** 256 random bits, base64url: a session's cookie, or what stands behind `#` in a link. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString("base64url");
}

/** How such a secret is stored and looked up. */
export function hmacSecret(key: Buffer, secret: string): string {
  return createHmac("sha256", key).update(secret).digest("base64url");
}
