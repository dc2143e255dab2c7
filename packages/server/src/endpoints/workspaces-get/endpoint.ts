import { Workspace } from "@parley/wire";
import { findWorkspace } from "../../storage/workspaces.ts";
import { notFound } from "../../tenancy/not-found.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { toWorkspace } from "../shared/admin-objects.ts";
import { idOf } from "../shared/admin-request.ts";

export const workspacesGet = defineEndpoint({
  name: "workspaces-get",
  summary: "Get a workspace",
  method: "GET",
  path: "/v1/organizations/workspaces/:workspace_id",
  permission: "admin",
  reply: { schema: Workspace },
  async handle(request, { tenancy }) {
    const id = idOf(request, "workspace_id", "Workspace");
    const workspace = await findWorkspace(tenancy.storage, request.admin.organizationId, id);
    if (!workspace) throw notFound("Workspace", id);
    return { kind: "json", body: toWorkspace(workspace) };
  },
});
