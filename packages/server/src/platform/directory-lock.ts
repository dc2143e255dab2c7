import { randomBytes } from "node:crypto";
import { link, readFile, rename, rm } from "node:fs/promises";
import { createFileOnce, isErrno } from "./durable-file.ts";
import { identifySelf, isAlive, type ProcessIdentity } from "./process-identity.ts";

export type LockOutcome =
  | { readonly held: true; release(): Promise<void> }
  /** A living process has it. */
  | { readonly held: false; readonly owner: ProcessIdentity };

/** Takes the lock file at `path`, also from an owner that died without releasing it. Does not wait. */
export async function lockDirectory(path: string): Promise<LockOutcome> {
  // The token tells two lockers inside one process apart.
  const own = JSON.stringify({ ...identifySelf(), token: randomBytes(8).toString("hex") });
  for (;;) {
    if (await createFileOnce(path, own, 0o600)) {
      return { held: true, release: () => releaseLock(path, own) };
    }
    const found = await readLock(path);
    if (found === null) continue;
    if (found.owner && isAlive(found.owner)) return { held: false, owner: found.owner };
    await discardLock(path, found.text);
  }
}

async function releaseLock(path: string, own: string): Promise<void> {
  if ((await readLock(path))?.text === own) await rm(path, { force: true });
}

/** Removes a dead owner's file, but puts it back when another process took the lock between our look and our move. */
async function discardLock(path: string, deadText: string): Promise<void> {
  const aside = `${path}.stale.${randomBytes(6).toString("hex")}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return;
    throw error;
  }
  if ((await readFile(aside, "utf8")) !== deadText) {
    await link(aside, path).catch((error: unknown) => {
      if (!isErrno(error, "EEXIST")) throw error;
    });
  }
  await rm(aside, { force: true });
}

async function readLock(path: string): Promise<{ text: string; owner: ProcessIdentity | null } | null> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  }
  return { text, owner: parseOwner(text) };
}

function parseOwner(text: string): ProcessIdentity | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("pid" in value) || !("startedAt" in value)) return null;
    if (typeof value.pid !== "number" || typeof value.startedAt !== "string") return null;
    return { pid: value.pid, startedAt: value.startedAt };
  } catch {
    return null;
  }
}
