import { fail } from "../platform/fail.ts";
import { newId } from "../platform/ids.ts";
import { archiveAdminKey, insertAdminKey, listAdminKeys, type AdminKeyRow } from "../storage/admin-keys.ts";
import { findFirstOrganization } from "../storage/organizations.ts";
import type { KeyAuthenticator } from "./create-authenticator.ts";
import { generateKeySecret, hashKeySecret, partialHintOf } from "./key-secret.ts";
import type { KeyDeps } from "./manage-api-keys.ts";

export interface CreatedAdminKey {
  readonly id: string;
  /** The only time that the key itself is seen. */
  readonly secret: string;
  readonly partialHint: string;
  readonly organizationId: string;
}

export interface AdminKeyListing extends Omit<AdminKeyRow, "status"> {
  readonly status: "active" | "archived" | "expired";
}

export interface CreateAdminKeyOptions {
  readonly name: string;
  /** Null: the first organization. */
  readonly organizationId: string | null;
  readonly expiresAtMs: number | null;
}

export async function createAdminKey(
  { storage, hmacKey, clock }: KeyDeps,
  { name, organizationId, expiresAtMs }: CreateAdminKeyOptions,
): Promise<CreatedAdminKey> {
  const organization = organizationId ?? (await findFirstOrganization(storage))?.organizationId;
  if (organization === undefined) {
    throw fail("not_found_error", { public: "There is no organization yet: start the server once" });
  }
  const secret = generateKeySecret("admin");
  const created = { id: newId("adminkey"), secret, partialHint: partialHintOf("admin", secret), organizationId: organization };
  await insertAdminKey(storage, {
    id: created.id,
    organizationId: organization,
    name,
    secretHmac: hashKeySecret(hmacKey, secret),
    partialHint: created.partialHint,
    createdAtMs: clock.nowMs(),
    expiresAtMs,
  });
  return created;
}

/** Every admin key, oldest first, revoked ones too. */
export async function listAdminKeyListings({ storage, clock }: Pick<KeyDeps, "storage" | "clock">): Promise<AdminKeyListing[]> {
  const nowMs = clock.nowMs();
  return (await listAdminKeys(storage)).map((row) => {
    const expired = row.status === "active" && row.expiresAtMs !== null && row.expiresAtMs <= nowMs;
    return { ...row, status: expired ? "expired" : row.status };
  });
}

/** Ends an admin key for good, as `revokeKey` does an API key. */
export async function revokeAdminKey(
  { storage, authenticator }: Pick<KeyDeps, "storage"> & { readonly authenticator: Pick<KeyAuthenticator, "forget"> | null },
  adminKeyId: string,
): Promise<void> {
  const found = await archiveAdminKey(storage, adminKeyId);
  authenticator?.forget(adminKeyId);
  if (!found) throw fail("not_found_error", { public: `Admin key not found: ${adminKeyId}` });
}
