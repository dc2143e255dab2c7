import { createAdminKey, revokeAdminKey } from "../../src/auth/manage-admin-keys.ts";
import { createKey, revokeKey, updateKey } from "../../src/auth/manage-api-keys.ts";
import type { Permission } from "../../src/endpoints/define-endpoint.ts";
import { createOrganization } from "../../src/tenancy/create-organization.ts";
import { archiveWorkspace, createWorkspace } from "../../src/tenancy/manage-workspaces.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";
import type { Platform } from "../support/start-platform.ts";

/** Every kind of caller that an endpoint can have. */
export const CALLERS = [
  "nobody",
  "malformed key",
  "unknown key",
  "own key",
  "key of another workspace",
  "key of another organization",
  "inactive key",
  "archived key",
  "expired key",
  "key of an archived workspace",
  "admin key",
  "unknown admin key",
  "revoked admin key",
  "expired admin key",
  "foreign admin key",
] as const;

export type Caller = (typeof CALLERS)[number];

/** What a caller gets: in, `401 authentication_error`, or `404 not_found_error` as for what never was. */
export type Verdict = "admitted" | "refused" | "not found";

/** The whole policy. `owned`: the path names an object of the one caller whose own it is. */
export function verdictOn(caller: Caller, permission: Permission, owned: boolean): Verdict {
  switch (permission) {
    case "public":
    case "local":
      return "admitted";
    case "workspace":
      if (caller === "own key") return "admitted";
      if (caller === "key of another workspace" || caller === "key of another organization")
        return owned ? "not found" : "admitted";
      return "refused";
    case "admin":
      if (caller === "admin key") return "admitted";
      if (caller === "foreign admin key") return owned ? "not found" : "admitted";
      return "refused";
    default:
      return permission satisfies never;
  }
}

/** A secret for each caller; null: none at all. */
export async function makeCallers(platform: Platform): Promise<Readonly<Record<Caller, string | null>>> {
  const { keys, organizationId, workspaceId } = platform;
  const act = { ...SYSTEM, organizationId };
  const settings = { displayColor: null, tags: {}, allowedInferenceGeos: null, defaultInferenceGeo: "global" as const };
  const workspace = (name: string) => createWorkspace(keys, act, { ...settings, name });
  const api = (at: string, expiresAtMs: number | null = null) =>
    createKey(keys, { name: "caller", workspaceId: at, expiresAtMs }, SYSTEM);
  const admin = (at: string, expiresAtMs: number | null = null) =>
    createAdminKey(keys, { name: "caller", organizationId: at, expiresAtMs }, SYSTEM);

  const foreign = await createOrganization(keys, "Foreign", SYSTEM);
  const [second, closed] = [await workspace("Second"), await workspace("Closed")];
  const [inactive, archived, inClosed] = [await api(workspaceId), await api(workspaceId), await api(closed.id)];
  await updateKey(keys, act, inactive.id, { status: "inactive" });
  await revokeKey(keys, archived.id, SYSTEM);
  await archiveWorkspace(keys, act, closed.id);
  const revokedAdmin = await admin(organizationId);
  await revokeAdminKey(keys, revokedAdmin.id, SYSTEM);
  return {
    nobody: null,
    "malformed key": "sk-ant-api03-short",
    "unknown key": `sk-ant-api03-${"x".repeat(93)}AA`,
    "own key": platform.apiKey,
    "key of another workspace": (await api(second.id)).secret,
    "key of another organization": (await api(foreign.workspaceId)).secret,
    "inactive key": inactive.secret,
    "archived key": archived.secret,
    "expired key": (await api(workspaceId, Date.now() - 1)).secret,
    "key of an archived workspace": inClosed.secret,
    "admin key": platform.adminKey,
    "unknown admin key": `sk-ant-admin01-${"x".repeat(93)}AA`,
    "revoked admin key": revokedAdmin.secret,
    "expired admin key": (await admin(organizationId, Date.now() - 1)).secret,
    "foreign admin key": (await admin(foreign.organizationId)).secret,
  };
}
