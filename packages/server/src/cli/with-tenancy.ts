import { userInfo } from "node:os";
import { pino } from "pino";
import { checkMasterSecret } from "../auth/check-master-secret.ts";
import { API_KEY_PURPOSE, type KeyDeps } from "../auth/manage-api-keys.ts";
import { deriveKey, loadMasterSecret, type MasterSecret } from "../auth/master-secret.ts";
import { systemClock } from "../platform/clock.ts";
import { createLog } from "../platform/log.ts";
import { openStorage } from "../storage/storage.ts";
import { AUDIT_PURPOSE, type Doer } from "../tenancy/tenancy-deps.ts";
import type { CliContext } from "./cli-context.ts";

/** Works beside a running server of the same data folder: both use its database. */
export async function withTenancy(
  context: CliContext,
  work: (deps: KeyDeps, doer: Doer, master: MasterSecret) => Promise<void>,
): Promise<void> {
  const log = createLog({ level: "error", destination: pino.destination({ fd: 2, sync: true }) });
  await using storage = await openStorage({
    databaseUrl: context.config.database_url,
    dataDir: context.dataDir,
    log,
    clock: systemClock,
    maxConnections: 2,
  });
  const master = await loadMasterSecret(context.dataDir);
  await checkMasterSecret({ storage, master, log });
  const deps = {
    storage,
    hmacKey: deriveKey(master, API_KEY_PURPOSE),
    auditKey: deriveKey(master, AUDIT_PURPOSE),
    clock: systemClock,
    authenticator: null,
  };
  await work(deps, { actor: { type: "cli", id: userInfo().username }, requestId: null }, master);
}
