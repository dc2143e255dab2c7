import { ApiKey } from "@parley/wire";
import { findApiKey } from "../../storage/api-keys.ts";
import { findDefaultWorkspaceId } from "../../storage/workspaces.ts";
import { notFound } from "../../tenancy/not-found.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { toApiKey } from "../shared/admin-objects.ts";
import { idOf } from "../shared/admin-request.ts";

export const apiKeysGet = defineEndpoint({
  name: "api-keys-get",
  summary: "Get an API key; the key itself is never shown again",
  method: "GET",
  path: "/v1/organizations/api_keys/:api_key_id",
  permission: "admin",
  reply: { schema: ApiKey },
  async handle(request, { tenancy }) {
    const id = idOf(request, "api_key_id", "API key");
    const { admin, version } = request;
    const key = await findApiKey(tenancy.storage, admin.organizationId, id);
    if (!key) throw notFound("API key", id);
    const defaultWorkspaceId = await findDefaultWorkspaceId(tenancy.storage, admin.organizationId);
    return { kind: "json", body: toApiKey(key, { version, nowMs: tenancy.clock.nowMs(), defaultWorkspaceId }) };
  },
});
