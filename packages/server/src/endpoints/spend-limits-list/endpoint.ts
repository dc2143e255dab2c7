import { SpendLimitPage, SpendLimitScopeType } from "@parley/wire";
import { z } from "zod";
import { listSpendLimits } from "../../storage/spend-limits.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { queryChoices, queryText } from "../shared/admin-request.ts";
import { CURSOR_QUERY, encodeCursor, parseCursorQuery } from "../shared/page-query.ts";
import { toSpendLimit } from "../shared/spend-limit-objects.ts";

/** To the year 9999. */
const Cursor = z.strictObject({ at: z.int().min(0).max(253_402_300_799_999), id: z.string().regex(/^[\w-]{1,128}$/) });

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
    const { limit, cursor } = parseCursorQuery(query, Cursor);
    const rows = await listSpendLimits(storage, {
      organizationId: admin.organizationId,
      scopeTypes: queryChoices(query, "scope_type", SpendLimitScopeType),
      workspaceId: queryText(query, "workspace_id"),
      limit: limit + 1,
      after: cursor && { createdAtMs: cursor.at, id: cursor.id },
    });
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    const nextPage = last ? encodeCursor({ at: last.createdAt.getTime(), id: last.id }) : null;
    return { kind: "json", body: { data: rows.slice(0, limit).map(toSpendLimit), next_page: nextPage } };
  },
});
