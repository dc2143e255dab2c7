import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";

/**
 * Signatures of thinking blocks. Like the platform's they carry the whole thinking, sealed: a client that asked for
 * `display: "omitted"` gets an empty `thinking` and must still be able to bring the thinking back in a tool loop.
 *
 * Format (base64): version 1 | iv 16 | AES-256-CTR ciphertext | HMAC-SHA256 over version, iv, ciphertext, workspace.
 */
export interface ThinkingSigner {
  sign(workspaceId: string, thinking: string): string;
  /** True for a signature of this text (or of an omitted text, sent back as "") made for this workspace. */
  verify(workspaceId: string, thinking: string, signature: string): boolean;
  /** The thinking that was signed; null for a signature that is not ours or not this workspace's. */
  reveal(workspaceId: string, signature: string): string | null;
}

const VERSION = 1;
const IV_BYTES = 16;
const MAC_BYTES = 32;
const HEAD_BYTES = 1 + IV_BYTES;

/** `secretKey`: 32 random bytes or more, the same at every start, else old conversations stop verifying. */
export function createThinkingSigner(secretKey: Buffer): ThinkingSigner {
  if (secretKey.length < 32) throw new RangeError(`The thinking key has ${secretKey.length} bytes; it needs at least 32`);
  const derive = (use: string): Buffer => Buffer.from(hkdfSync("sha256", secretKey, "", `parley thinking ${use}`, 32));
  const sealKey = derive("seal");
  const macKey = derive("mac");

  // The workspace comes last: everything before it has a length of its own or is the rest, so no two inputs collide.
  const mac = (sealed: Buffer, workspaceId: string): Buffer => {
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(sealed.length));
    return createHmac("sha256", macKey).update(length).update(sealed).update(workspaceId).digest();
  };

  function sign(workspaceId: string, thinking: string): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv("aes-256-ctr", sealKey, iv);
    const sealed = Buffer.concat([Buffer.of(VERSION), iv, cipher.update(thinking, "utf8"), cipher.final()]);
    return Buffer.concat([sealed, mac(sealed, workspaceId)]).toString("base64");
  }

  function reveal(workspaceId: string, signature: string): string | null {
    const bytes = Buffer.from(signature, "base64");
    // Node skips what is not base64; only the one canonical spelling of a signature is a signature.
    if (bytes.length < HEAD_BYTES + MAC_BYTES || bytes[0] !== VERSION || bytes.toString("base64") !== signature) return null;
    const sealed = bytes.subarray(0, -MAC_BYTES);
    if (!timingSafeEqual(bytes.subarray(-MAC_BYTES), mac(sealed, workspaceId))) return null;
    const decipher = createDecipheriv("aes-256-ctr", sealKey, sealed.subarray(1, HEAD_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(HEAD_BYTES)), decipher.final()]).toString("utf8");
  }

  function verify(workspaceId: string, thinking: string, signature: string): boolean {
    const signed = reveal(workspaceId, signature);
    if (signed === null) return false;
    // Through bytes, so that a lone surrogate (which UTF-8 replaces) still equals what was signed.
    return thinking === "" || Buffer.from(thinking, "utf8").equals(Buffer.from(signed, "utf8"));
  }

  return { sign, verify, reveal };
}
