import { RateLimitGroupType, RateLimitPage } from "@parley/wire";
import { z } from "zod";
import { fail } from "../../platform/fail.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { queryText } from "../shared/admin-request.ts";
import { CURSOR_QUERY } from "../shared/page-query.ts";
import { organizationEntries, pageOfEntries, toRateLimit } from "../shared/rate-limit-objects.ts";

export const organizationsRateLimitsList = defineEndpoint({
  name: "organizations-rate-limits-list",
  summary: "List the organization's rate limits by group",
  method: "GET",
  path: "/v1/organizations/rate_limits",
  permission: "admin",
  query: z.object({ ...CURSOR_QUERY, group_type: RateLimitGroupType.nullish(), model: z.string().nullish() }),
  reply: { schema: RateLimitPage },
  async handle(request, deps) {
    const entries = await organizationEntries(request, deps);
    const model = queryText(request.query, "model");
    const modelClass = model === null ? null : (await deps.models.resolve(model)).modelClass;
    const chosen = entries.filter(({ group }) => modelClass === null || group.key === modelClass);
    if (chosen.length === 0) throw fail("not_found_error", { public: `model: ${model ?? ""}` });
    return { kind: "json", body: pageOfEntries(request, chosen, (entry) => toRateLimit(entry, request.version)) };
  },
});
