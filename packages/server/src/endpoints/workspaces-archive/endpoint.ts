import { Workspace } from "@parley/wire";
import { archiveWorkspace } from "../../tenancy/manage-workspaces.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { toWorkspace } from "../shared/admin-objects.ts";
import { actOf, idOf } from "../shared/admin-request.ts";

export const workspacesArchive = defineEndpoint({
  name: "workspaces-archive",
  summary: "Archive a workspace and its API keys for good",
  method: "POST",
  path: "/v1/organizations/workspaces/:workspace_id/archive",
  permission: "admin",
  reply: { schema: Workspace },
  async handle(request, { tenancy }) {
    const id = idOf(request, "workspace_id", "Workspace");
    return { kind: "json", body: toWorkspace(await archiveWorkspace(tenancy, actOf(request), id)) };
  },
});
