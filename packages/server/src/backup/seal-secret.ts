import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from "node:crypto";

const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** 128 MiB and about half a second a guess. */
const COST = { N: 1 << 17, r: 8, p: 1, maxmem: 256 * 1024 * 1024 };

/** Seals a secret with a passphrase (scrypt, AES-256-GCM). */
export function sealSecret(secret: Buffer, passphrase: string): Buffer {
  const salt = randomBytes(SALT_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", scryptSync(passphrase.normalize("NFC"), salt, 32, COST), nonce);
  const sealed = Buffer.concat([cipher.update(secret), cipher.final()]);
  return Buffer.concat([salt, nonce, cipher.getAuthTag(), sealed]);
}

/** Null: the passphrase is another, or the sealed text was changed. */
export function openSecret(sealed: Buffer, passphrase: string): Buffer | null {
  const salt = sealed.subarray(0, SALT_BYTES);
  const nonce = sealed.subarray(SALT_BYTES, SALT_BYTES + NONCE_BYTES);
  const tagEnd = SALT_BYTES + NONCE_BYTES + TAG_BYTES;
  try {
    const decipher = createDecipheriv("aes-256-gcm", scryptSync(passphrase.normalize("NFC"), salt, 32, COST), nonce);
    decipher.setAuthTag(sealed.subarray(SALT_BYTES + NONCE_BYTES, tagEnd));
    return Buffer.concat([decipher.update(sealed.subarray(tagEnd)), decipher.final()]);
  } catch {
    return null;
  }
}
