import { SpendIncreaseApproved, SpendIncreaseApproveRequest } from "@parley/wire";
import { approveIncrease } from "../../money/manage-increase-requests.ts";
import { centsToNanoUsd } from "../../money/nano-usd.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { ADMIN_BODY_MAX_BYTES, actOf, idOf } from "../shared/admin-request.ts";
import { toIncreaseRequest, toSpendLimit } from "../shared/spend-limit-objects.ts";
import { parseBody } from "../shared/to-body.ts";

export const spendIncreasesApprove = defineEndpoint({
  name: "spend-increases-approve",
  summary: "Approve a request with a limit for its member",
  method: "POST",
  path: "/v1/organizations/spend_limit_increase_requests/:request_id/approve",
  permission: "admin",
  asksAgain: true,
  body: {
    schema: SpendIncreaseApproveRequest,
    maxBytes: ADMIN_BODY_MAX_BYTES,
    parse: (json) => parseBody(SpendIncreaseApproveRequest, json),
  },
  reply: { schema: SpendIncreaseApproved },
  async handle(request, { tenancy }) {
    const id = idOf(request, "request_id", "Spend limit increase request");
    const { amount, period = null } = request.body;
    const done = await approveIncrease(tenancy, actOf(request), id, { amountNanoUsd: centsToNanoUsd(BigInt(amount)), period });
    const body = { ...(await toIncreaseRequest(tenancy.storage, done)), spend_limit: toSpendLimit(done.limit) };
    return { kind: "json", body };
  },
});
