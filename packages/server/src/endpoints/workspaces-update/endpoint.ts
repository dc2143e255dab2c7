import { Workspace, WorkspaceUpdateRequest } from "@parley/wire";
import { updateWorkspace } from "../../tenancy/manage-workspaces.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { toWorkspace } from "../shared/admin-objects.ts";
import { ADMIN_BODY_MAX_BYTES, actOf, idOf } from "../shared/admin-request.ts";
import { parseBody } from "../shared/to-body.ts";
import { refuseAttachments, toAllowedGeos } from "../shared/workspace-settings.ts";

export const workspacesUpdate = defineEndpoint({
  name: "workspaces-update",
  summary: "Change a workspace",
  method: "POST",
  path: "/v1/organizations/workspaces/:workspace_id",
  permission: "admin",
  body: {
    schema: WorkspaceUpdateRequest,
    maxBytes: ADMIN_BODY_MAX_BYTES,
    parse: (json) => parseBody(WorkspaceUpdateRequest, json),
  },
  reply: { schema: Workspace },
  async handle(request, { tenancy }) {
    const { name, display_color: displayColor, tags, data_residency: residency, ...attachments } = request.body;
    refuseAttachments(attachments);
    const allowed = residency?.allowed_inference_geos ?? undefined;
    const geo = residency?.default_inference_geo ?? undefined;
    const update = {
      ...(name === undefined ? {} : { name }),
      ...(displayColor === undefined ? {} : { displayColor }),
      ...(tags ? { tags } : {}),
      ...(allowed === undefined ? {} : { allowedInferenceGeos: toAllowedGeos(allowed) }),
      ...(geo === undefined ? {} : { defaultInferenceGeo: geo }),
    };
    const id = idOf(request, "workspace_id", "Workspace");
    return { kind: "json", body: toWorkspace(await updateWorkspace(tenancy, actOf(request), id, update)) };
  },
});
