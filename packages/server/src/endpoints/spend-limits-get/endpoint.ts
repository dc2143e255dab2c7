import { SpendLimit } from "@parley/wire";
import { getSpendLimit } from "../../money/manage-spend-limits.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { idOf } from "../shared/admin-request.ts";
import { toSpendLimit } from "../shared/spend-limit-objects.ts";

export const spendLimitsGet = defineEndpoint({
  name: "spend-limits-get",
  summary: "Get a spend limit",
  method: "GET",
  path: "/v1/organizations/spend_limits/:spend_limit_id",
  permission: "admin",
  reply: { schema: SpendLimit },
  async handle(request, { tenancy }) {
    const id = idOf(request, "spend_limit_id", "Spend limit");
    return { kind: "json", body: toSpendLimit(await getSpendLimit(tenancy, request.admin.organizationId, id)) };
  },
});
