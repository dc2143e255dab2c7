import { fail } from "../platform/fail.ts";
import { newId } from "../platform/ids.ts";
import {
  findApiKeyAnywhere,
  findApiKeyOn,
  hasApiKeyOn,
  insertApiKeyOn,
  listEveryApiKey,
  statusOfKey,
  updateApiKeyOn,
  type ApiKeyRow,
  type ApiKeyStatus,
} from "../storage/api-keys.ts";
import { changeAudited, type RecordAct } from "../storage/audit-log.ts";
import { findFirstOrganization, type FirstOrganization } from "../storage/organizations.ts";
import { listKeySpendLimitsOn, setSpendLimitOn } from "../storage/spend-limits.ts";
import type { Queries } from "../storage/storage.ts";
import { findWorkspaceAnywhere, findWorkspaceOn } from "../storage/workspaces.ts";
import { notFound } from "../tenancy/not-found.ts";
import { SYSTEM, toAuditedAct, type Act, type Doer, type TenancyDeps } from "../tenancy/tenancy-deps.ts";
import { generateKeySecret, partialHintOf } from "./key-secret.ts";
import { hashSecret } from "./hash-secret.ts";
import { refuseKeyOfDevice } from "./refuse-key-of-device.ts";

/** For `deriveKey`: the HMAC key of stored API keys and admin keys. */
export const API_KEY_PURPOSE = "api-key-hmac";

export interface KeyDeps extends TenancyDeps {
  /** `deriveKey(master, API_KEY_PURPOSE)`. */
  readonly hmacKey: Buffer;
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
  readonly status: ApiKeyStatus;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly lastUsedAtMs: number | null;
  /** Null: its requests cannot be signed. */
  readonly awsAccessKeyId: string | null;
}

export interface CreateKeyOptions {
  readonly name: string;
  /** Null: the default workspace of the first organization. */
  readonly workspaceId: string | null;
  readonly expiresAtMs: number | null;
}

/** A new key of a workspace that is not archived. */
export async function createKey(deps: KeyDeps, options: CreateKeyOptions, doer: Doer): Promise<CreatedApiKey> {
  const place = await findPlace(deps, options.workspaceId);
  const { row, created } = mintKey(deps.hmacKey, {
    ...place,
    name: options.name,
    createdAtMs: deps.clock.nowMs(),
    expiresAtMs: options.expiresAtMs,
    createdByUserId: doer.actor.type === "user" ? doer.actor.id : null,
    rotatedFromId: null,
  });
  const act = toAuditedAct(deps, { ...doer, organizationId: place.organizationId });
  await changeAudited(deps.storage, "create api key", act, async (queries, record) => {
    const workspace = await findWorkspaceOn(queries, place.organizationId, place.workspaceId);
    if (!workspace || workspace.archivedAt) throw notFound("Workspace", place.workspaceId);
    await add(queries, record, row);
  });
  return created;
}

/**
 * The first key, where the organization has never had one; else null. Nothing can show it again, so it is asked for when it
 * will be printed: a start that fails before then leaves it to the next one.
 */
export async function createFirstKey(deps: KeyDeps, place: FirstOrganization): Promise<CreatedApiKey | null> {
  const { row, created } = mintKey(deps.hmacKey, {
    ...place,
    name: "first key",
    createdAtMs: deps.clock.nowMs(),
    expiresAtMs: null,
    createdByUserId: null,
    rotatedFromId: null,
  });
  const act = toAuditedAct(deps, { ...SYSTEM, organizationId: place.organizationId });
  return changeAudited(deps.storage, "create first api key", act, async (queries, record) => {
    // Acts of an organization wait for each other, so of several starts at once one finds no key.
    if (await hasApiKeyOn(queries, place.organizationId)) return null;
    await add(queries, record, row);
    return created;
  });
}

/** Makes a key and the row to store; no I/O. */
function mintKey(
  hmacKey: Buffer,
  {
    createdAtMs,
    expiresAtMs,
    ...options
  }: Pick<ApiKeyRow, "organizationId" | "workspaceId" | "name" | "createdByUserId" | "rotatedFromId"> & {
    readonly createdAtMs: number;
    readonly expiresAtMs: number | null;
  },
): { readonly row: ApiKeyRow; readonly created: CreatedApiKey } {
  const secret = generateKeySecret("api");
  const created = {
    id: newId("apikey"),
    secret,
    partialHint: partialHintOf("api", secret),
    workspaceId: options.workspaceId,
  };
  const row: ApiKeyRow = {
    ...options,
    id: created.id,
    secretHmac: hashSecret(hmacKey, secret),
    partialHint: created.partialHint,
    status: "active",
    createdAt: new Date(createdAtMs),
    expiresAt: expiresAtMs === null ? null : new Date(expiresAtMs),
    lastUsedAt: null,
    awsAccessKeyId: null,
  };
  return { row, created };
}

async function add(queries: Queries, record: RecordAct, row: ApiKeyRow): Promise<void> {
  await insertApiKeyOn(queries, row);
  await record({ action: "api_key.create", target: { type: "api_key", id: row.id }, before: null, after: describe(row) });
}

/** Every key of every organization, oldest first, revoked ones too. */
export async function listKeys({ storage, clock }: Pick<KeyDeps, "storage" | "clock">): Promise<ApiKeyListing[]> {
  const nowMs = clock.nowMs();
  return (await listEveryApiKey(storage)).map((row) => ({
    id: row.id,
    name: row.name,
    workspaceId: row.workspaceId,
    partialHint: row.partialHint,
    status: statusOfKey(row, nowMs),
    createdAtMs: row.createdAt.getTime(),
    expiresAtMs: row.expiresAt?.getTime() ?? null,
    lastUsedAtMs: row.lastUsedAt?.getTime() ?? null,
    awsAccessKeyId: row.awsAccessKeyId,
  }));
}

export interface KeyUpdate {
  readonly name?: string;
  readonly status?: ApiKeyRow["status"];
}

/** Takes effect at once in this process, within a second in others. An archived key stays as it is. */
export async function updateKey(deps: TenancyDeps, act: Act, apiKeyId: string, update: KeyUpdate): Promise<ApiKeyRow> {
  const changed = await changeAudited(deps.storage, "update api key", toAuditedAct(deps, act), async (queries, record) => {
    const key = await findApiKeyOn(queries, act.organizationId, apiKeyId);
    if (!key) throw notFound("API key", apiKeyId);
    const name = update.name ?? key.name;
    const status = update.status ?? key.status;
    if (name === key.name && status === key.status) return key;
    if (key.status === "archived") throw fail("invalid_request_error", { public: "An archived API key cannot be changed." });
    if (status === "active" && statusOfKey(key, deps.clock.nowMs()) === "expired") {
      throw fail("invalid_request_error", { public: "status: An expired API key cannot be activated." });
    }
    await updateApiKeyOn(queries, key.id, { name, status });
    await record({
      action: "api_key.update",
      target: { type: "api_key", id: key.id },
      before: { name: key.name, status: key.status },
      after: { name, status },
    });
    return { ...key, name, status };
  });
  deps.authenticator?.forget(apiKeyId);
  return changed;
}

/** Ends a key for good. Throws `not_found_error` for an unknown id; revoking twice is fine. */
export async function revokeKey(deps: TenancyDeps, apiKeyId: string, doer: Doer): Promise<void> {
  const key = await findApiKeyAnywhere(deps.storage, apiKeyId);
  if (!key) throw notFound("API key", apiKeyId);
  await updateKey(deps, { ...doer, organizationId: key.organizationId }, apiKeyId, { status: "archived" });
}

/** A second key in the place of the first, which goes on working for the overlap at most. */
export async function rotateKey(deps: KeyDeps, apiKeyId: string, overlapMs: number, doer: Doer): Promise<CreatedApiKey> {
  const found = await findApiKeyAnywhere(deps.storage, apiKeyId);
  if (!found) throw notFound("API key", apiKeyId);
  const act = toAuditedAct(deps, { ...doer, organizationId: found.organizationId });
  const created = await changeAudited(deps.storage, "rotate api key", act, async (queries, record) => {
    const old = await findApiKeyOn(queries, found.organizationId, apiKeyId);
    if (!old) throw notFound("API key", apiKeyId);
    const nowMs = deps.clock.nowMs();
    const status = statusOfKey(old, nowMs);
    if (status !== "active")
      throw fail("invalid_request_error", { public: `Only an active API key can be rotated; this one is ${status}.` });
    await refuseKeyOfDevice(queries, old.id);
    const minted = mintKey(deps.hmacKey, {
      organizationId: old.organizationId,
      workspaceId: old.workspaceId,
      name: old.name,
      createdByUserId: old.createdByUserId,
      rotatedFromId: old.id,
      createdAtMs: nowMs,
      // A key that was made for a while is replaced by one for as long.
      expiresAtMs: old.expiresAt === null ? null : nowMs + (old.expiresAt.getTime() - old.createdAt.getTime()),
    });
    const expiresAt = new Date(Math.min(nowMs + overlapMs, old.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY));
    await updateApiKeyOn(queries, old.id, { expiresAt });
    const limits = await listKeySpendLimitsOn(queries, old.organizationId, old.id);
    await record({
      action: "api_key.rotate",
      target: { type: "api_key", id: old.id },
      before: { expires_at: old.expiresAt?.toISOString() ?? null },
      after: { expires_at: expiresAt.toISOString(), replaced_by: minted.row.id, spend_limits: limits.length },
    });
    await add(queries, record, minted.row);
    // What the old one may spend the new one may, too, and no more: a rotation must not lift a limit.
    for (const { organizationId, scopeType, period, amountNanoUsd } of limits) {
      const limit = { organizationId, scopeType, period, amountNanoUsd, nowMs };
      await setSpendLimitOn(queries, { ...limit, id: newId("spl"), scopeId: minted.row.id });
    }
    return minted.created;
  });
  deps.authenticator?.forget(apiKeyId);
  return created;
}

function describe({ name, workspaceId, partialHint, expiresAt }: ApiKeyRow) {
  return { name, workspace_id: workspaceId, partial_key_hint: partialHint, expires_at: expiresAt?.toISOString() ?? null };
}

async function findPlace(
  { storage }: Pick<KeyDeps, "storage">,
  workspaceId: string | null,
): Promise<{ organizationId: string; workspaceId: string }> {
  if (workspaceId === null) {
    const first = await findFirstOrganization(storage);
    if (!first) throw fail("not_found_error", { public: "There is no organization yet: start the server once" });
    return first;
  }
  const workspace = await findWorkspaceAnywhere(storage, workspaceId);
  if (!workspace || workspace.archivedAt) throw notFound("Workspace", workspaceId);
  return { organizationId: workspace.organizationId, workspaceId: workspace.id };
}
