import { argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

/** Source: OWASP Password Storage Cheat Sheet, argon2id. Memory in KiB. */
const CURRENT = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const SALT_BYTES = 16;
const TAG_BYTES = 32;
const PHC = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

interface Parameters {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

const argon2Async = promisify(argon2);

/** argon2id as a PHC string: `$argon2id$v=19$m=…,t=…,p=…$salt$hash`. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const tag = await derive(password, salt, TAG_BYTES, CURRENT);
  return `$argon2id$v=19$m=${CURRENT.memory},t=${CURRENT.passes},p=${CURRENT.parallelism}$${base64(salt)}$${base64(tag)}`;
}

export interface PasswordVerdict {
  readonly isRight: boolean;
  /** The stored hash is weaker than today's: store a new one. */
  readonly isOutdated: boolean;
}

/** Compares in constant time. `stored: null` is an account without a password: it takes as long, and is never right. */
export async function verifyPassword(password: string, stored: string | null): Promise<PasswordVerdict> {
  const match = stored === null ? null : PHC.exec(stored);
  if (!match) {
    await derive(password, Buffer.alloc(SALT_BYTES), TAG_BYTES, CURRENT);
    return { isRight: false, isOutdated: false };
  }
  const parameters = { memory: Number(match[1]), passes: Number(match[2]), parallelism: Number(match[3]) };
  const expected = Buffer.from(match[5] ?? "", "base64");
  const tag = await derive(password, Buffer.from(match[4] ?? "", "base64"), expected.length, parameters);
  return {
    isRight: timingSafeEqual(tag, expected),
    isOutdated: parameters.memory < CURRENT.memory || parameters.passes < CURRENT.passes,
  };
}

function derive(password: string, nonce: Buffer, tagLength: number, parameters: Parameters): Promise<Buffer> {
  // One spelling of a character on every keyboard (NIST SP 800-63B, 3.1.1.2).
  const message = Buffer.from(password.normalize("NFKC"), "utf8");
  return argon2Async("argon2id", { message, nonce, tagLength, ...parameters });
}

/** PHC strings leave the padding out. */
function base64(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
