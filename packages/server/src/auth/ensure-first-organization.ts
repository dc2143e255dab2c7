import { findFirstOrganization, insertFirstOrganization, type FirstOrganization } from "../storage/organizations.ts";
import { newOrganization } from "../tenancy/create-organization.ts";
import { SYSTEM, toAuditedAct } from "../tenancy/tenancy-deps.ts";
import { mintKey, type CreatedApiKey, type KeyDeps } from "./manage-api-keys.ts";

export interface EnsuredOrganization extends FirstOrganization {
  /** The first key, only from the call that created it; nothing can show it again. */
  readonly apiKey: CreatedApiKey | null;
}

/** Creates the organization, its default workspace and a first API key in an empty database; else finds them. */
export async function ensureFirstOrganization(deps: KeyDeps): Promise<EnsuredOrganization> {
  const { storage, hmacKey, clock } = deps;
  const existing = await findFirstOrganization(storage);
  if (existing) return { ...existing, apiKey: null };
  const createdAtMs = clock.nowMs();
  const { organization, workspace } = newOrganization("My organization", createdAtMs);
  const ids = { organizationId: organization.id, workspaceId: workspace.id };
  const { row, created } = mintKey(hmacKey, {
    ...ids,
    name: "first key",
    createdAtMs,
    expiresAtMs: null,
    createdByUserId: null,
    rotatedFromId: null,
  });
  const act = toAuditedAct(deps, { ...SYSTEM, organizationId: organization.id });
  const inserted = await insertFirstOrganization(storage, { organization, workspace, apiKey: row, act });
  if (inserted) return { ...inserted, apiKey: created };
  // Another process was faster; its transaction is committed by now.
  const winner = await findFirstOrganization(storage);
  return { ...(winner ?? ids), apiKey: null };
}
