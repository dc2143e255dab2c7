import { randomBytes } from "node:crypto";

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** Fetched for many ids at once: a call costs more than its bytes. Each byte is used once. */
const POOL_BYTES = 4_096;
let pool = Buffer.alloc(0);
let used = 0;

function randomByte(): number {
  if (used === pool.length) {
    pool = randomBytes(POOL_BYTES);
    used = 0;
  }
  return pool[used++]!;
}

/** `length` characters of base58 from the system's random source, without modulo bias. */
function randomBase58(length: number): string {
  let text = "";
  while (text.length < length) {
    const byte = randomByte();
    // 232 is the largest multiple of 58 in a byte.
    if (byte < 232) text += ALPHABET[byte % 58];
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
  | "skill"
  | "skver"
  | "msgbatch"
  | "session"
  | "prompt"
  | "container";

/** An id in the platform's form: the prefix, `01` (its version) and 22 random characters (128 bits). */
export function newId(prefix: IdPrefix): string {
  return `${prefix}_01${randomBase58(22)}`;
}
