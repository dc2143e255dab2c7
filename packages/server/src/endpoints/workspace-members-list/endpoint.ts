import { WorkspaceMemberPage } from "@parley/wire";
import { z } from "zod";
import { listWorkspaceMembers } from "../../storage/workspace-members.ts";
import { findWorkspace } from "../../storage/workspaces.ts";
import { notFound } from "../../tenancy/not-found.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { toWorkspaceMember } from "../shared/admin-objects.ts";
import { idOf } from "../shared/admin-request.ts";
import { PAGE_QUERY, parsePageQuery } from "../shared/page-query.ts";

export const workspaceMembersList = defineEndpoint({
  name: "workspace-members-list",
  summary: "List a workspace's members, newest first",
  method: "GET",
  path: "/v1/organizations/workspaces/:workspace_id/members",
  permission: "admin",
  query: z.object(PAGE_QUERY),
  reply: { schema: WorkspaceMemberPage },
  async handle(request, { tenancy }) {
    const page = parsePageQuery(request.query);
    const id = idOf(request, "workspace_id", "Workspace");
    if (!(await findWorkspace(tenancy.storage, request.admin.organizationId, id))) throw notFound("Workspace", id);
    const { rows, hasMore } = await listWorkspaceMembers(tenancy.storage, id, page);
    const data = rows.map(toWorkspaceMember);
    const [first, last] = [data[0]?.user_id ?? null, data.at(-1)?.user_id ?? null];
    return { kind: "json", body: { data, has_more: hasMore, first_id: first, last_id: last } };
  },
});
