import type { Clock } from "../platform/clock.ts";
import { fail } from "../platform/fail.ts";
import { newId } from "../platform/ids.ts";
import { insertApiKey, listApiKeys, setApiKeyStatus, type NewApiKey } from "../storage/api-keys.ts";
import { findFirstOrganization } from "../storage/organizations.ts";
import type { Storage } from "../storage/storage.ts";
import { listWorkspaces } from "../storage/workspaces.ts";
import { generateKeySecret, hashKeySecret, partialHintOf } from "./key-secret.ts";
import type { KeyAuthenticator } from "./create-authenticator.ts";

/** For `deriveKey`: the HMAC key of stored API keys and admin keys. */
export const API_KEY_PURPOSE = "api-key-hmac";

export interface KeyDeps {
  readonly storage: Storage;
  readonly hmacKey: Buffer;
  readonly clock: Clock;
}

export interface CreatedApiKey {
  readonly id: string;
  /** The only time that the key itself is seen. */
  readonly secret: string;
  readonly partialHint: string;
  readonly workspaceId: string;
}

export interface ApiKeyListing {
  readonly id: string;
  readonly name: string;
  readonly workspaceId: string;
  readonly partialHint: string;
  readonly status: "active" | "inactive" | "archived" | "expired";
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly lastUsedAtMs: number | null;
}

export interface CreateKeyOptions {
  readonly name: string;
  /** Null: the default workspace of the first organization. */
  readonly workspaceId: string | null;
  readonly expiresAtMs: number | null;
}

export async function createKey({ storage, hmacKey, clock }: KeyDeps, options: CreateKeyOptions): Promise<CreatedApiKey> {
  const place = await findPlace(storage, options.workspaceId);
  const { row, created } = mintKey(hmacKey, { ...place, ...options, workspaceId: place.workspaceId, createdAtMs: clock.nowMs() });
  await insertApiKey(storage, row);
  return created;
}

/** Makes a key and the row to store; no I/O. */
export function mintKey(
  hmacKey: Buffer,
  options: Pick<NewApiKey, "organizationId" | "workspaceId" | "name" | "createdAtMs" | "expiresAtMs">,
): { readonly row: NewApiKey; readonly created: CreatedApiKey } {
  const secret = generateKeySecret("api");
  const created = { id: newId("apikey"), secret, partialHint: partialHintOf("api", secret), workspaceId: options.workspaceId };
  const row: NewApiKey = {
    id: created.id,
    organizationId: options.organizationId,
    workspaceId: options.workspaceId,
    name: options.name,
    secretHmac: hashKeySecret(hmacKey, secret),
    partialHint: created.partialHint,
    createdAtMs: options.createdAtMs,
    expiresAtMs: options.expiresAtMs,
  };
  return { row, created };
}

/** Every key, oldest first, revoked ones too. */
export async function listKeys({ storage, clock }: Pick<KeyDeps, "storage" | "clock">): Promise<ApiKeyListing[]> {
  const nowMs = clock.nowMs();
  const rows = await listApiKeys(storage);
  return rows.map(({ organizationId: _organizationId, ...row }) => {
    const expired = row.status === "active" && row.expiresAtMs !== null && row.expiresAtMs <= nowMs;
    return { ...row, status: expired ? "expired" : row.status };
  });
}

/**
 * Ends a key for good: at once in this process when its authenticator is given, within a second in others. Throws
 * `not_found_error` for an unknown id; revoking twice is fine.
 */
export async function revokeKey(
  { storage, authenticator }: { readonly storage: Storage; readonly authenticator: Pick<KeyAuthenticator, "forget"> | null },
  apiKeyId: string,
): Promise<void> {
  const found = await setApiKeyStatus(storage, apiKeyId, "archived");
  authenticator?.forget(apiKeyId);
  if (!found) throw fail("not_found_error", { public: `API key not found: ${apiKeyId}` });
}

async function findPlace(storage: Storage, workspaceId: string | null): Promise<{ organizationId: string; workspaceId: string }> {
  if (workspaceId === null) {
    const first = await findFirstOrganization(storage);
    if (!first) throw fail("not_found_error", { public: "There is no organization yet: start the server once" });
    return first;
  }
  const workspace = (await listWorkspaces(storage)).find((each) => each.id === workspaceId);
  if (!workspace) throw fail("not_found_error", { public: `Workspace not found: ${workspaceId}` });
  return { organizationId: workspace.organizationId, workspaceId: workspace.id };
}
