import { fail } from "../platform/fail.ts";
import { claimFingerprint, replaceFingerprint } from "../storage/installation.ts";
import type { StorageLog } from "../storage/log.ts";
import type { Storage } from "../storage/storage.ts";
import { deriveKey, type MasterSecret } from "./master-secret.ts";

/**
 * Nodes that share a database need the same master secret: with another one this node would refuse every key that the others have made,
 * and they its own. Throws `api_error` that says what to do. A node that has its database to itself goes on with a new secret.
 */
export async function checkMasterSecret(deps: {
  readonly storage: Storage;
  readonly master: MasterSecret;
  readonly log: Pick<StorageLog, "warn">;
}): Promise<void> {
  const { storage, master, log } = deps;
  const own = deriveKey(master, "fingerprint").toString("hex");
  if ((await claimFingerprint(storage, own)) === own) return;
  if (storage.kind === "server") {
    throw fail("api_error", {
      public: "The server's secret is not the one of its database",
      internal:
        "secret.key of the data folder must be the file that the other nodes on this database have, or that of a backup: copy it there. " +
        "If it is lost for good, `delete from installation` lets this one take its place; every key that was made before is then unknown",
    });
  }
  await replaceFingerprint(storage, own);
  log.warn({}, "secret.key is a new one: keys that were made with the old one are unknown");
}
