import { fail } from "../platform/fail.ts";
import { newId } from "../platform/ids.ts";
import { archiveAdminKeyOn, findAdminKey, insertAdminKeyOn, listAdminKeys, type AdminKeyRow } from "../storage/admin-keys.ts";
import { statusOfKey } from "../storage/api-keys.ts";
import { changeAudited } from "../storage/audit-log.ts";
import { findFirstOrganization, findOrganization } from "../storage/organizations.ts";
import { notFound } from "../tenancy/not-found.ts";
import { toAuditedAct, type Doer, type TenancyDeps } from "../tenancy/tenancy-deps.ts";
import { generateKeySecret, partialHintOf } from "./key-secret.ts";
import { hashSecret } from "./hash-secret.ts";
import type { KeyDeps } from "./manage-api-keys.ts";

export interface CreatedAdminKey {
  readonly id: string;
  /** The only time that the key itself is seen. */
  readonly secret: string;
  readonly partialHint: string;
  readonly organizationId: string;
}

export interface AdminKeyListing {
  readonly id: string;
  readonly name: string;
  readonly organizationId: string;
  readonly partialHint: string;
  readonly status: "active" | "archived" | "expired" | "inactive";
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly lastUsedAtMs: number | null;
}

export interface CreateAdminKeyOptions {
  readonly name: string;
  /** Null: the first organization. */
  readonly organizationId: string | null;
  readonly expiresAtMs: number | null;
}

export async function createAdminKey(deps: KeyDeps, options: CreateAdminKeyOptions, doer: Doer): Promise<CreatedAdminKey> {
  const { storage, hmacKey, clock } = deps;
  const organizationId = options.organizationId ?? (await findFirstOrganization(storage))?.organizationId;
  if (organizationId === undefined) {
    throw fail("not_found_error", { public: "There is no organization yet: start the server once" });
  }
  if (!(await findOrganization(storage, organizationId))) throw notFound("Organization", organizationId);
  const secret = generateKeySecret("admin");
  const row: AdminKeyRow = {
    id: newId("adminkey"),
    organizationId,
    name: options.name,
    secretHmac: hashSecret(hmacKey, secret),
    partialHint: partialHintOf("admin", secret),
    status: "active",
    createdAt: new Date(clock.nowMs()),
    expiresAt: options.expiresAtMs === null ? null : new Date(options.expiresAtMs),
    lastUsedAt: null,
  };
  await changeAudited(storage, "create admin key", toAuditedAct(deps, { ...doer, organizationId }), async (queries, record) => {
    await insertAdminKeyOn(queries, row);
    const after = { name: row.name, partial_key_hint: row.partialHint, expires_at: row.expiresAt?.toISOString() ?? null };
    await record({ action: "admin_key.create", target: { type: "admin_key", id: row.id }, before: null, after });
  });
  return { id: row.id, secret, partialHint: row.partialHint, organizationId };
}

/** Every admin key, oldest first, revoked ones too. */
export async function listAdminKeyListings({ storage, clock }: Pick<KeyDeps, "storage" | "clock">): Promise<AdminKeyListing[]> {
  const nowMs = clock.nowMs();
  return (await listAdminKeys(storage)).map((row) => ({
    id: row.id,
    name: row.name,
    organizationId: row.organizationId,
    partialHint: row.partialHint,
    status: statusOfKey(row, nowMs),
    createdAtMs: row.createdAt.getTime(),
    expiresAtMs: row.expiresAt?.getTime() ?? null,
    lastUsedAtMs: row.lastUsedAt?.getTime() ?? null,
  }));
}

/** Ends an admin key for good, as `revokeKey` does an API key. */
export async function revokeAdminKey(deps: TenancyDeps, adminKeyId: string, doer: Doer): Promise<void> {
  const key = await findAdminKey(deps.storage, adminKeyId);
  if (!key) throw notFound("Admin key", adminKeyId);
  const act = toAuditedAct(deps, { ...doer, organizationId: key.organizationId });
  await changeAudited(deps.storage, "revoke admin key", act, async (queries, record) => {
    if (!(await archiveAdminKeyOn(queries, adminKeyId))) return;
    const target = { type: "admin_key", id: adminKeyId };
    await record({ action: "admin_key.update", target, before: { status: "active" }, after: { status: "archived" } });
  });
  deps.authenticator?.forget(adminKeyId);
}
