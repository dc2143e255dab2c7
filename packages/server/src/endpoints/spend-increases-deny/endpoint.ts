import { SpendIncreaseDenyRequest, SpendIncreaseRequest } from "@parley/wire";
import { denyIncrease } from "../../money/manage-increase-requests.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { ADMIN_BODY_MAX_BYTES, actOf, idOf } from "../shared/admin-request.ts";
import { toIncreaseRequest } from "../shared/spend-limit-objects.ts";
import { parseBody } from "../shared/to-body.ts";

export const spendIncreasesDeny = defineEndpoint({
  name: "spend-increases-deny",
  summary: "Deny a request for a higher spend limit",
  method: "POST",
  path: "/v1/organizations/spend_limit_increase_requests/:request_id/deny",
  permission: "admin",
  body: {
    schema: SpendIncreaseDenyRequest,
    maxBytes: ADMIN_BODY_MAX_BYTES,
    parse: (json) => parseBody(SpendIncreaseDenyRequest, json),
  },
  reply: { schema: SpendIncreaseRequest },
  async handle(request, { tenancy }) {
    const id = idOf(request, "request_id", "Spend limit increase request");
    return { kind: "json", body: await toIncreaseRequest(tenancy.storage, await denyIncrease(tenancy, actOf(request), id)) };
  },
});
