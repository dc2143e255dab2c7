import { Workspace, WorkspaceCreateRequest } from "@parley/wire";
import { createWorkspace } from "../../tenancy/manage-workspaces.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { toWorkspace } from "../shared/admin-objects.ts";
import { ADMIN_BODY_MAX_BYTES, actOf } from "../shared/admin-request.ts";
import { parseBody } from "../shared/to-body.ts";
import { refuseAttachments, toAllowedGeos } from "../shared/workspace-settings.ts";

export const workspacesCreate = defineEndpoint({
  name: "workspaces-create",
  summary: "Create a workspace",
  method: "POST",
  path: "/v1/organizations/workspaces",
  permission: "admin",
  body: {
    schema: WorkspaceCreateRequest,
    maxBytes: ADMIN_BODY_MAX_BYTES,
    parse: (json) => parseBody(WorkspaceCreateRequest, json),
  },
  reply: { schema: Workspace },
  async handle(request, { tenancy }) {
    const { body } = request;
    refuseAttachments(body);
    const created = await createWorkspace(tenancy, actOf(request), {
      name: body.name,
      displayColor: body.display_color ?? null,
      tags: body.tags ?? {},
      allowedInferenceGeos: toAllowedGeos(body.data_residency?.allowed_inference_geos ?? "unrestricted"),
      defaultInferenceGeo: body.data_residency?.default_inference_geo ?? "global",
    });
    return { kind: "json", body: toWorkspace(created) };
  },
});
