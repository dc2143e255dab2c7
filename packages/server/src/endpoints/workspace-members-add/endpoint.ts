import { WorkspaceMember, WorkspaceMemberAddRequest } from "@parley/wire";
import { addWorkspaceMember } from "../../tenancy/manage-workspace-members.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { toWorkspaceMember } from "../shared/admin-objects.ts";
import { ADMIN_BODY_MAX_BYTES, actOf, idOf } from "../shared/admin-request.ts";
import { parseBody } from "../shared/to-body.ts";

export const workspaceMembersAdd = defineEndpoint({
  name: "workspace-members-add",
  summary: "Add a member of the organization to a workspace",
  method: "POST",
  path: "/v1/organizations/workspaces/:workspace_id/members",
  permission: "admin",
  body: {
    schema: WorkspaceMemberAddRequest,
    maxBytes: ADMIN_BODY_MAX_BYTES,
    parse: (json) => parseBody(WorkspaceMemberAddRequest, json),
  },
  reply: { schema: WorkspaceMember },
  async handle(request, { tenancy }) {
    const workspaceId = idOf(request, "workspace_id", "Workspace");
    const { user_id: userId, workspace_role: role } = request.body;
    const member = await addWorkspaceMember(tenancy, actOf(request), { workspaceId, userId, role });
    return { kind: "json", body: toWorkspaceMember(member) };
  },
});
