import { SpendIncreaseRequest } from "@parley/wire";
import { getIncreaseRequest } from "../../money/manage-increase-requests.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { idOf } from "../shared/admin-request.ts";
import { toIncreaseRequest } from "../shared/spend-limit-objects.ts";

export const spendIncreasesGet = defineEndpoint({
  name: "spend-increases-get",
  summary: "Get a request for a higher spend limit",
  method: "GET",
  path: "/v1/organizations/spend_limit_increase_requests/:request_id",
  permission: "admin",
  reply: { schema: SpendIncreaseRequest },
  async handle(request, { tenancy }) {
    const id = idOf(request, "request_id", "Spend limit increase request");
    const found = await getIncreaseRequest(tenancy, request.admin.organizationId, id);
    return { kind: "json", body: await toIncreaseRequest(tenancy.storage, found) };
  },
});
