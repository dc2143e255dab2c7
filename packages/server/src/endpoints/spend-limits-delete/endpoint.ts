import { SpendLimitDeleted } from "@parley/wire";
import { deleteOwnSpendLimit } from "../../money/manage-spend-limits.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { actOf, idOf } from "../shared/admin-request.ts";

export const spendLimitsDelete = defineEndpoint({
  name: "spend-limits-delete",
  summary: "Delete a spend limit",
  method: "DELETE",
  path: "/v1/organizations/spend_limits/:spend_limit_id",
  permission: "admin",
  asksAgain: true,
  reply: { schema: SpendLimitDeleted },
  async handle(request, { tenancy }) {
    const id = idOf(request, "spend_limit_id", "Spend limit");
    await deleteOwnSpendLimit(tenancy, actOf(request), id);
    return { kind: "json", body: { id, type: "spend_limit_deleted" } };
  },
});
