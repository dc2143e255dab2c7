import { beginWorkspaceExport } from "../../tenancy/begin-workspace-export.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { actOf, idOf } from "../shared/admin-request.ts";

export const workspacesExport = defineEndpoint({
  name: "workspaces-export",
  summary: "Export a workspace as a gzipped tar",
  method: "GET",
  path: "/v1/organizations/workspaces/:workspace_id/export",
  permission: "admin",
  asksAgain: true,
  reply: { schema: null },
  async handle(request, { tenancy, exportWorkspace }) {
    const workspace = await beginWorkspaceExport(tenancy, actOf(request), idOf(request, "workspace_id", "Workspace"));
    return {
      kind: "bytes",
      headers: { "content-disposition": `attachment; filename="${workspace.id}.tar.gz"` },
      contentType: "application/gzip",
      body: exportWorkspace(workspace),
    };
  },
});
