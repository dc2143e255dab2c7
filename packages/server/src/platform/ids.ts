import { randomBytes } from "node:crypto";

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** `length` characters of base58 from the system's random source, without modulo bias. */
function randomBase58(length: number): string {
  let text = "";
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      // 232 is the largest multiple of 58 in a byte.
      if (byte < 232 && text.length < length) text += ALPHABET[byte % 58];
    }
  }
  return text;
}

export type IdPrefix =
  | "msg"
  | "toolu"
  | "req"
  | "wrkspc"
  | "apikey"
  | "user"
  | "compl"
  | "org"
  | "slir"
  | "crgr"
  | "spl"
  | "holder"
  | "adminkey"
  | "invite"
  | "blob"
  | "file"
  | "msgbatch"
  | "session"
  | "prompt";

/** An id in the platform's form: the prefix, `01` (its version) and 22 random characters (128 bits). */
export function newId(prefix: IdPrefix): string {
  return `${prefix}_01${randomBase58(22)}`;
}
