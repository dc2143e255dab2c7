import { pino } from "pino";
import { createAdminKey, listAdminKeyListings, revokeAdminKey } from "../../auth/manage-admin-keys.ts";
import { API_KEY_PURPOSE, createKey, listKeys, revokeKey, type KeyDeps } from "../../auth/manage-api-keys.ts";
import { deriveKey, loadMasterSecret } from "../../auth/master-secret.ts";
import { systemClock } from "../../platform/clock.ts";
import { createLog } from "../../platform/log.ts";
import { openStorage } from "../../storage/storage.ts";
import { type CliContext, UserError } from "../cli-context.ts";
import { confirm } from "../confirm.ts";

const SHOWN_ONCE = "It is shown this once; only a hash is kept.";

export async function createApiKey(
  options: { readonly name: string; readonly workspace?: string; readonly admin?: boolean; readonly expiresInDays?: number },
  context: CliContext,
): Promise<void> {
  if (options.admin && options.workspace !== undefined) {
    throw new UserError("An admin key belongs to the organization: --workspace and --admin exclude each other.");
  }
  await withKeys(context, async (deps) => {
    const expiresAtMs = options.expiresInDays === undefined ? null : deps.clock.nowMs() + options.expiresInDays * 86_400_000;
    if (options.admin) {
      const created = await createAdminKey(deps, { name: options.name, organizationId: null, expiresAtMs });
      context.say(created.secret);
      context.tell(`Admin key ${created.id} for organization ${created.organizationId}. ${SHOWN_ONCE}`);
      context.emit({ id: created.id, api_key: created.secret, organization_id: created.organizationId });
      return;
    }
    const created = await createKey(deps, { name: options.name, workspaceId: options.workspace ?? null, expiresAtMs });
    context.say(created.secret);
    context.tell(`Key ${created.id} for workspace ${created.workspaceId}. ${SHOWN_ONCE}`);
    context.emit({ id: created.id, api_key: created.secret, workspace_id: created.workspaceId });
  });
}

export async function listApiKeys(context: CliContext): Promise<void> {
  await withKeys(context, async (deps) => {
    const day = (ms: number | null): string => (ms === null ? "never" : new Date(ms).toISOString().slice(0, 10));
    for (const key of [...(await listKeys(deps)), ...(await listAdminKeyListings(deps))]) {
      context.say(
        `${key.id}  ${key.status.padEnd(8)}  ${key.partialHint.padEnd(26)}  created ${day(key.createdAtMs)}  ` +
          `last used ${day(key.lastUsedAtMs)}  ${key.name}`,
      );
      context.emit(key);
    }
  });
}

export async function revokeApiKey(id: string, options: { readonly yes?: boolean }, context: CliContext): Promise<void> {
  await confirm(`Revoke ${id} for good?`, options, context);
  await withKeys(context, async (deps) => {
    const revoke = id.startsWith("adminkey_") ? revokeAdminKey : revokeKey;
    await revoke({ storage: deps.storage, authenticator: null }, id);
    context.say(`Revoked ${id}. Running servers refuse it within a second.`);
    context.emit({ revoked: id });
  });
}

/** Works beside a running server of the same data folder: both use its database. */
async function withKeys(context: CliContext, work: (deps: KeyDeps) => Promise<void>): Promise<void> {
  const log = createLog({ level: "error", destination: pino.destination({ fd: 2, sync: true }) });
  await using storage = await openStorage({
    databaseUrl: context.config.database_url,
    dataDir: context.dataDir,
    log,
    clock: systemClock,
    maxConnections: 2,
  });
  const master = await loadMasterSecret(context.dataDir);
  await work({ storage, hmacKey: deriveKey(master, API_KEY_PURPOSE), clock: systemClock });
}
