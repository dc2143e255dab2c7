import { WorkspaceMember, WorkspaceMemberUpdateRequest } from "@parley/wire";
import { updateWorkspaceMember } from "../../tenancy/manage-workspace-members.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { toWorkspaceMember } from "../shared/admin-objects.ts";
import { ADMIN_BODY_MAX_BYTES, actOf, idOf } from "../shared/admin-request.ts";
import { parseBody } from "../shared/to-body.ts";

export const workspaceMembersUpdate = defineEndpoint({
  name: "workspace-members-update",
  summary: "Change a member's role in a workspace",
  method: "POST",
  path: "/v1/organizations/workspaces/:workspace_id/members/:user_id",
  permission: "admin",
  body: {
    schema: WorkspaceMemberUpdateRequest,
    maxBytes: ADMIN_BODY_MAX_BYTES,
    parse: (json) => parseBody(WorkspaceMemberUpdateRequest, json),
  },
  reply: { schema: WorkspaceMember },
  async handle(request, { tenancy }) {
    const workspaceId = idOf(request, "workspace_id", "Workspace");
    const userId = idOf(request, "user_id", "Workspace member");
    const role = request.body.workspace_role;
    return {
      kind: "json",
      body: toWorkspaceMember(await updateWorkspaceMember(tenancy, actOf(request), { workspaceId, userId, role })),
    };
  },
});
