import { WorkspaceMemberDeleted } from "@parley/wire";
import { removeWorkspaceMember } from "../../tenancy/manage-workspace-members.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { actOf, idOf } from "../shared/admin-request.ts";

export const workspaceMembersRemove = defineEndpoint({
  name: "workspace-members-remove",
  summary: "Remove a member from a workspace",
  method: "DELETE",
  path: "/v1/organizations/workspaces/:workspace_id/members/:user_id",
  permission: "admin",
  reply: { schema: WorkspaceMemberDeleted },
  async handle(request, { tenancy }) {
    const workspaceId = idOf(request, "workspace_id", "Workspace");
    const userId = idOf(request, "user_id", "Workspace member");
    await removeWorkspaceMember(tenancy, actOf(request), { workspaceId, userId });
    return { kind: "json", body: { type: "workspace_member_deleted", user_id: userId, workspace_id: workspaceId } };
  },
});
