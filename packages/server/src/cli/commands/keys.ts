import { createAdminKey, listAdminKeyListings, revokeAdminKey } from "../../auth/manage-admin-keys.ts";
import { createKey, listKeys, revokeKey, rotateKey } from "../../auth/manage-api-keys.ts";
import { createAwsKey, revokeAwsKey } from "../../auth/manage-aws-keys.ts";
import { type CliContext, UserError } from "../cli-context.ts";
import { confirm } from "../confirm.ts";
import { withTenancy } from "../with-tenancy.ts";

const SHOWN_ONCE = "It is shown this once; only a hash is kept.";

export async function createApiKey(
  options: {
    readonly name: string;
    readonly workspace?: string;
    readonly admin?: boolean;
    readonly organization?: string;
    readonly expiresInDays?: number;
  },
  context: CliContext,
): Promise<void> {
  if (options.admin && options.workspace !== undefined) {
    throw new UserError("An admin key belongs to the organization: --workspace and --admin exclude each other.");
  }
  if (!options.admin && options.organization !== undefined) {
    throw new UserError("An API key belongs to a workspace: name it with --workspace; --organization is for --admin.");
  }
  await withTenancy(context, async (deps, doer) => {
    const expiresAtMs = options.expiresInDays === undefined ? null : deps.clock.nowMs() + options.expiresInDays * 86_400_000;
    if (options.admin) {
      const created = await createAdminKey(
        deps,
        { name: options.name, organizationId: options.organization ?? null, expiresAtMs },
        doer,
      );
      context.say(created.secret);
      context.tell(`Admin key ${created.id} for organization ${created.organizationId}. ${SHOWN_ONCE}`);
      context.emit({ id: created.id, api_key: created.secret, organization_id: created.organizationId });
      return;
    }
    const created = await createKey(deps, { name: options.name, workspaceId: options.workspace ?? null, expiresAtMs }, doer);
    context.say(created.secret);
    context.tell(`Key ${created.id} for workspace ${created.workspaceId}. ${SHOWN_ONCE}`);
    context.emit({ id: created.id, api_key: created.secret, workspace_id: created.workspaceId });
  });
}

export async function listApiKeys(context: CliContext): Promise<void> {
  await withTenancy(context, async (deps) => {
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
  await withTenancy(context, async (deps, doer) => {
    const revoke = id.startsWith("adminkey_") ? revokeAdminKey : revokeKey;
    await revoke(deps, id, doer);
    context.say(`Revoked ${id}. Running servers refuse it within a second.`);
    context.emit({ revoked: id });
  });
}

export async function rotateApiKey(
  id: string,
  options: { readonly overlapHours: number; readonly yes?: boolean },
  context: CliContext,
): Promise<void> {
  const overlap = options.overlapHours === 1 ? "an hour" : `${options.overlapHours} hours`;
  await confirm(`Replace ${id}? It ends in ${overlap}.`, options, context);
  await withTenancy(context, async (deps, doer) => {
    const created = await rotateKey(deps, id, options.overlapHours * 3_600_000, doer);
    context.say(created.secret);
    context.tell(`Key ${created.id} replaces ${id}, which ends in ${overlap}. ${SHOWN_ONCE}`);
    context.emit({ id: created.id, api_key: created.secret, workspace_id: created.workspaceId, replaces: id });
  });
}

export async function changeAwsKey(id: string, options: { readonly revoke?: boolean }, context: CliContext): Promise<void> {
  await withTenancy(context, async (deps, doer) => {
    if (options.revoke) {
      await revokeAwsKey(deps, id, doer);
      context.say(`${id} has no AWS access key any more. Running servers refuse its signatures within a second.`);
      context.emit({ id, aws_access_key_id: null });
      return;
    }
    const { accessKeyId, secretAccessKey } = await createAwsKey(deps, id, doer);
    context.say(`AWS_ACCESS_KEY_ID=${accessKeyId}`);
    context.say(`AWS_SECRET_ACCESS_KEY=${secretAccessKey}`);
    context.tell(`They sign requests as ${id}, for as long as it is good. The secret is shown this once.`);
    context.emit({ id, aws_access_key_id: accessKeyId, aws_secret_access_key: secretAccessKey });
  });
}
