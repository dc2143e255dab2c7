import { WorkspaceDeleted } from "@parley/wire";
import { deleteWorkspace } from "../../tenancy/delete-workspace.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { actOf, idOf } from "../shared/admin-request.ts";

export const workspacesDelete = defineEndpoint({
  name: "workspaces-delete",
  summary: "Delete an archived workspace and all its content",
  method: "DELETE",
  path: "/v1/organizations/workspaces/:workspace_id",
  permission: "admin",
  asksAgain: true,
  reply: { schema: WorkspaceDeleted },
  async handle(request, { tenancy, dataPolicy, retention }) {
    const id = idOf(request, "workspace_id", "Workspace");
    await deleteWorkspace(tenancy, actOf(request), id);
    dataPolicy.forget(id);
    // What the reply says is so by the time it is read. Where this is cut off the job goes on.
    await retention.empty(id);
    return { kind: "json", body: { id, type: "workspace_deleted" } };
  },
});
