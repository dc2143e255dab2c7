import { ApiKey, ApiKeyUpdateRequest } from "@parley/wire";
import { updateKey } from "../../auth/manage-api-keys.ts";
import { findDefaultWorkspaceId } from "../../storage/workspaces.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { toApiKey } from "../shared/admin-objects.ts";
import { ADMIN_BODY_MAX_BYTES, actOf, idOf } from "../shared/admin-request.ts";
import { parseBody } from "../shared/to-body.ts";

export const apiKeysUpdate = defineEndpoint({
  name: "api-keys-update",
  summary: "Rename an API key, switch it off or on, or archive it",
  method: "POST",
  path: "/v1/organizations/api_keys/:api_key_id",
  permission: "admin",
  body: { schema: ApiKeyUpdateRequest, maxBytes: ADMIN_BODY_MAX_BYTES, parse: (json) => parseBody(ApiKeyUpdateRequest, json) },
  reply: { schema: ApiKey },
  async handle(request, { tenancy }) {
    const id = idOf(request, "api_key_id", "API key");
    const { name, status } = request.body;
    const update = { ...(name ? { name } : {}), ...(status ? { status } : {}) };
    const key = await updateKey(tenancy, actOf(request), id, update);
    const defaultWorkspaceId = await findDefaultWorkspaceId(tenancy.storage, request.admin.organizationId);
    const view = { version: request.version, nowMs: tenancy.clock.nowMs(), defaultWorkspaceId };
    return { kind: "json", body: toApiKey(key, view) };
  },
});
