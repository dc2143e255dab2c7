import { installation } from "./schema.ts";
import type { Storage } from "./storage.ts";

/** The fingerprint that is in force: of the first node on this database. */
export function claimFingerprint(storage: Storage, secretFingerprint: string): Promise<string> {
  return storage.run({ operation: "claim installation", repeatable: true }, async (database) => {
    await database.insert(installation).values({ secretFingerprint }).onConflictDoNothing();
    const [row] = await database.select().from(installation);
    return row?.secretFingerprint ?? secretFingerprint;
  });
}

export async function replaceFingerprint(storage: Storage, secretFingerprint: string): Promise<void> {
  await storage.run({ operation: "replace installation", repeatable: true }, (database) =>
    database.update(installation).set({ secretFingerprint }),
  );
}
