import { WorkspaceMember } from "@parley/wire";
import { findWorkspaceMember } from "../../storage/workspace-members.ts";
import { findWorkspace } from "../../storage/workspaces.ts";
import { notFound } from "../../tenancy/not-found.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { toWorkspaceMember } from "../shared/admin-objects.ts";
import { idOf } from "../shared/admin-request.ts";

export const workspaceMembersGet = defineEndpoint({
  name: "workspace-members-get",
  summary: "Get a workspace's member",
  method: "GET",
  path: "/v1/organizations/workspaces/:workspace_id/members/:user_id",
  permission: "admin",
  reply: { schema: WorkspaceMember },
  async handle(request, { tenancy }) {
    const workspaceId = idOf(request, "workspace_id", "Workspace");
    const userId = idOf(request, "user_id", "Workspace member");
    const workspace = await findWorkspace(tenancy.storage, request.admin.organizationId, workspaceId);
    if (!workspace) throw notFound("Workspace", workspaceId);
    const member = await findWorkspaceMember(tenancy.storage, workspaceId, userId);
    if (!member) throw notFound("Workspace member", userId);
    return { kind: "json", body: toWorkspaceMember(member) };
  },
});
