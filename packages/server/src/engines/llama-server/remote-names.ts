import { randomUUID } from "node:crypto";
import { access } from "node:fs/promises";
import { z } from "zod";

/** What stands here for a slot's state: the file in which the engine keeps it. */
export const RemoteNameNote = z.strictObject({
  fingerprint: z.string(),
  /** Its name in the engine's folder of saved slots. */
  name: z.string().regex(/^parley-[0-9a-f-]{36}\.kv$/),
  tokens: z.int().positive(),
});

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
