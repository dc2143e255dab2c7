import { randomBytes } from "node:crypto";

const SECRET_BYTES = 32;

/** 256 random bits, base64url: a session's cookie, or what stands behind `#` in a link. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString("base64url");
}
