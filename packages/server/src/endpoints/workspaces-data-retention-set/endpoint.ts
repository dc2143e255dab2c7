import { DataRetention, DataRetentionUpdateRequest } from "@parley/wire";
import { setDataRetention } from "../../tenancy/set-data-retention.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { ADMIN_BODY_MAX_BYTES, actOf, idOf } from "../shared/admin-request.ts";
import { toDataRetention } from "../shared/data-retention-object.ts";
import { parseBody } from "../shared/to-body.ts";

export const workspacesDataRetentionSet = defineEndpoint({
  name: "workspaces-data-retention-set",
  summary: "Set how long a workspace's content is kept",
  method: "POST",
  path: "/v1/organizations/workspaces/:workspace_id/data_retention",
  permission: "admin",
  asksAgain: true,
  body: {
    schema: DataRetentionUpdateRequest,
    maxBytes: ADMIN_BODY_MAX_BYTES,
    parse: (json) => parseBody(DataRetentionUpdateRequest, json),
  },
  reply: { schema: DataRetention },
  async handle(request, { tenancy, dataPolicy, retention }) {
    const id = idOf(request, "workspace_id", "Workspace");
    const { zero_data_retention: zero, retention_days: days, file_retention_days: fileDays } = request.body;
    const policy = await setDataRetention(tenancy, actOf(request), id, {
      ...(zero === undefined ? {} : { zeroDataRetention: zero }),
      ...(days === undefined ? {} : { retentionDays: days }),
      ...(fileDays === undefined ? {} : { fileRetentionDays: fileDays }),
    });
    dataPolicy.forget(id);
    // What the reply says is so by the time it is read. Where this is cut off the job goes on.
    if (policy.zeroDataRetention) await retention.empty(id);
    return { kind: "json", body: toDataRetention(id, policy, retention.defaultDays) };
  },
});
