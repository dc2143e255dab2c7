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
  | "ahead"
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

const ID_CHARACTERS = 22;
/** Eight digits last until the year 6000. */
const TIME_DIGITS = 8;

/** Milliseconds since 1970 as digits of base58, which sort as the numbers do. */
function timeBase58(ms: number): string {
  let text = "";
  for (let left = ms; text.length < TIME_DIGITS; left = Math.floor(left / ALPHABET.length)) {
    text = ALPHABET.charAt(left % ALPHABET.length) + text;
  }
  return text;
}

/**
 * An id in the platform's form: the prefix, `01` (its version) and 22 characters. They are random (128 bits), but of a request the
 * first eight are its time, then come 82 random bits: the index that keeps requests apart for good is then written at its end,
 * where random ids would read and log another of its pages for each turn.
 */
export function newId(prefix: IdPrefix): string {
  const time = prefix === "req" ? timeBase58(Date.now()) : "";
  return `${prefix}_01${time}${randomBase58(ID_CHARACTERS - time.length)}`;
}
