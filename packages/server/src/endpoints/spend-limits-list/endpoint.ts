import { SpendLimitPage, SpendLimitScopeType } from "@parley/wire";
import { z } from "zod";
import { listSpendLimits } from "../../storage/spend-limits.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { queryChoices, queryText } from "../shared/admin-request.ts";
import { CURSOR_QUERY, parseCursorQuery, TimeCursor } from "../shared/page-query.ts";
import { toSpendLimit, toSpendLimitCursor } from "../shared/spend-limit-objects.ts";

export const spendLimitsList = defineEndpoint({
  name: "spend-limits-list",
  summary: "List spend limits, newest first",
  method: "GET",
  path: "/v1/organizations/spend_limits",
  permission: "admin",
  query: z.object({
    ...CURSOR_QUERY,
    "scope_type[]": z.array(SpendLimitScopeType).optional(),
    workspace_id: z.string().optional(),
  }),
  reply: { schema: SpendLimitPage },
  async handle({ admin, query }, { tenancy: { storage } }) {
    const { limit, cursor } = parseCursorQuery(query, TimeCursor);
    const rows = await listSpendLimits(storage, {
      organizationId: admin.organizationId,
      scopeTypes: queryChoices(query, "scope_type", SpendLimitScopeType),
      workspaceId: queryText(query, "workspace_id"),
      limit: limit + 1,
      after: cursor && { createdAtMs: cursor.at, id: cursor.id },
    });
    const nextPage = toSpendLimitCursor(rows, limit);
    return { kind: "json", body: { data: rows.slice(0, limit).map(toSpendLimit), next_page: nextPage } };
  },
});
