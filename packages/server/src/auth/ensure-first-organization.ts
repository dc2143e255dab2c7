import { randomUUID } from "node:crypto";
import { newId } from "../platform/ids.ts";
import { findFirstOrganization, insertFirstOrganization, type FirstOrganization } from "../storage/organizations.ts";
import { mintKey, type CreatedApiKey, type KeyDeps } from "./manage-api-keys.ts";

export interface EnsuredOrganization extends FirstOrganization {
  /** The first key, only from the call that created it; nothing can show it again. */
  readonly apiKey: CreatedApiKey | null;
}

/** Creates the organization, its default workspace and a first API key in an empty database; else finds them. */
export async function ensureFirstOrganization({ storage, hmacKey, clock }: KeyDeps): Promise<EnsuredOrganization> {
  const existing = await findFirstOrganization(storage);
  if (existing) return { ...existing, apiKey: null };
  const createdAtMs = clock.nowMs();
  const ids = { organizationId: randomUUID(), workspaceId: newId("wrkspc") };
  const { row, created } = mintKey(hmacKey, { ...ids, name: "first key", createdAtMs, expiresAtMs: null });
  const inserted = await insertFirstOrganization(storage, {
    ...ids,
    organizationName: "My organization",
    workspaceName: "Default",
    apiKey: row,
    createdAtMs,
  });
  if (inserted) return { ...inserted, apiKey: created };
  // Another process was faster; its transaction is committed by now.
  const winner = await findFirstOrganization(storage);
  return { ...(winner ?? ids), apiKey: null };
}
