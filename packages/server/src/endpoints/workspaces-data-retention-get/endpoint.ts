import { DataRetention } from "@parley/wire";
import { findDataPolicy } from "../../storage/data-policies.ts";
import { findWorkspace } from "../../storage/workspaces.ts";
import { notFound } from "../../tenancy/not-found.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { idOf } from "../shared/admin-request.ts";
import { toDataRetention } from "../shared/data-retention-object.ts";

export const workspacesDataRetentionGet = defineEndpoint({
  name: "workspaces-data-retention-get",
  summary: "Get how long a workspace's content is kept",
  method: "GET",
  path: "/v1/organizations/workspaces/:workspace_id/data_retention",
  permission: "admin",
  reply: { schema: DataRetention },
  async handle(request, { tenancy, retention }) {
    const id = idOf(request, "workspace_id", "Workspace");
    const workspace = await findWorkspace(tenancy.storage, request.admin.organizationId, id);
    if (!workspace) throw notFound("Workspace", id);
    const policy = await findDataPolicy(tenancy.storage, id);
    return { kind: "json", body: toDataRetention(id, policy, retention.defaultDays) };
  },
});
