import { randomBytes } from "node:crypto";

/** For `cache_salt`: only who knows it reads what was computed under it. */
export function newSalt(): string {
  return randomBytes(32).toString("base64url");
}
