import { hkdfSync, randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../platform/fail.ts";
import { createFileOnce, isErrno } from "../platform/durable-file.ts";

/** 32 random bytes from which every other key of this installation is derived. Never in the database or a log. */
export type MasterSecret = Buffer;

const SECRET_BYTES = 32;

/**
 * Reads `secret.key` of the data folder, creating it at the first start. Nodes that share a database need the same file;
 * without it every API key is unknown.
 */
export async function loadMasterSecret(dataDir: string): Promise<MasterSecret> {
  const path = join(dataDir, "secret.key");
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await createFileOnce(path, `${randomBytes(SECRET_BYTES).toString("hex")}\n`, 0o600);
  // A copied or restored file may have become readable to others.
  if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o600).catch(unlessReadOnly);
  const text = (await readFile(path, "utf8")).trim();
  if (!/^[0-9a-f]{64}$/.test(text)) {
    throw fail("api_error", {
      public: "The server's secret cannot be read",
      internal: `${path} must hold 64 hexadecimal digits: restore it from a backup. A new one (delete the file) makes every API key invalid`,
    });
  }
  return Buffer.from(text, "hex");
}

/** A secret that Kubernetes mounts is as it mounts it. */
function unlessReadOnly(error: unknown): void {
  if (!isErrno(error, "EROFS")) throw error;
}

/** 32 bytes for one purpose (HKDF-SHA256); keys of different purposes tell nothing about one another. */
export function deriveKey(master: MasterSecret, purpose: string): Buffer {
  return Buffer.from(hkdfSync("sha256", master, "parley", purpose, SECRET_BYTES));
}
