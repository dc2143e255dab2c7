import { createHash, randomUUID } from "node:crypto";
import { access, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { z } from "zod";

/** What stands here for a slot's state that an engine keeps on its own machine. */
const RemoteSnapshot = z.strictObject({
  fingerprint: z.string(),
  /** Its name in the engine's folder of saved slots. */
  name: z.string().regex(/^parley-[0-9a-f-]{36}\.kv$/),
  tokens: z.int().positive(),
  seal: z.string(),
});
type RemoteSnapshot = Omit<z.infer<typeof RemoteSnapshot>, "seal">;

export interface RemoteNames {
  /** For another state: a name that is free again, or a new one. */
  take(): Promise<string>;
  /** `file` now stands for the state of this name. */
  keep(name: string, file: string): void;
}

/** The engine removes no saved state, so what nothing here stands for any more is written over. */
export function createRemoteNames(): RemoteNames {
  const nameOf = new Map<string, string>();
  const free = new Set<string>();
  return {
    async take() {
      for (const [file, name] of nameOf) {
        const isThere = await access(file).then(
          () => true,
          () => false,
        );
        if (!isThere && nameOf.get(file) === name) {
          nameOf.delete(file);
          return name;
        }
      }
      const [name] = free;
      if (name === undefined) return `parley-${randomUUID()}.kv`;
      free.delete(name);
      return name;
    },
    keep(name, file) {
      const before = nameOf.get(file);
      if (before !== undefined) free.add(before);
      nameOf.set(file, name);
    },
  };
}

/** Writes it whole or not at all. */
export async function writeRemoteSnapshot(file: string, snapshot: RemoteSnapshot): Promise<number> {
  const partial = `${file}.partial`;
  try {
    await writeFile(partial, JSON.stringify({ ...snapshot, seal: sealOf(snapshot) }), { mode: 0o600 });
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  return (await stat(file)).size;
}

/** Null: it is none, or another engine's. */
export async function readRemoteSnapshot(file: string, fingerprint: string): Promise<RemoteSnapshot | null> {
  try {
    const { seal, ...snapshot } = RemoteSnapshot.parse(JSON.parse(await readFile(file, "utf8")));
    return seal === sealOf(snapshot) && snapshot.fingerprint === fingerprint ? snapshot : null;
  } catch {
    return null;
  }
}

function sealOf({ fingerprint, name, tokens }: RemoteSnapshot): string {
  return createHash("sha256")
    .update(JSON.stringify([fingerprint, name, tokens]))
    .digest("hex");
}
