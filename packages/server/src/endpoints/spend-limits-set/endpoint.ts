import { SpendLimit, SpendLimitSetRequest } from "@parley/wire";
import { type LimitedScope, setOwnSpendLimit } from "../../money/manage-spend-limits.ts";
import { centsToNanoUsd } from "../../money/nano-usd.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { ADMIN_BODY_MAX_BYTES, actOf } from "../shared/admin-request.ts";
import { toSpendLimit } from "../shared/spend-limit-objects.ts";
import { parseBody } from "../shared/to-body.ts";

export const spendLimitsSet = defineEndpoint({
  name: "spend-limits-set",
  summary: "Set the spend limit of a scope and period",
  method: "POST",
  path: "/v1/organizations/spend_limits",
  permission: "admin",
  asksAgain: true,
  body: {
    schema: SpendLimitSetRequest,
    maxBytes: ADMIN_BODY_MAX_BYTES,
    parse: (json) => parseBody(SpendLimitSetRequest, json),
  },
  reply: { schema: SpendLimit },
  async handle(request, { tenancy }) {
    const { amount, scope, period = "monthly" } = request.body;
    const amountNanoUsd = amount === null ? null : centsToNanoUsd(BigInt(amount));
    const limit = await setOwnSpendLimit(tenancy, actOf(request), { scope: toLimitedScope(scope), period, amountNanoUsd });
    return { kind: "json", body: toSpendLimit(limit) };
  },
});

function toLimitedScope(scope: SpendLimitSetRequest["scope"]): LimitedScope {
  switch (scope.type) {
    case "organization":
      return scope;
    case "workspace":
      return { type: scope.type, workspaceId: scope.workspace_id };
    case "api_key":
      return { type: scope.type, apiKeyId: scope.api_key_id };
    case "user":
      return { type: scope.type, userId: scope.user_id };
    default:
      scope satisfies never;
      throw new Error("unknown scope");
  }
}
