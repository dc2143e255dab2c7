import { SpendLimitPeriod, SpendSummaryPage } from "@parley/wire";
import { z } from "zod";
import { listUserSpend } from "../../storage/spend-limits.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { queryChoices } from "../shared/admin-request.ts";
import { CURSOR_QUERY, encodeCursor, parseCursorQuery } from "../shared/page-query.ts";
import { parseList } from "../shared/report-query.ts";
import { toSpendSummary } from "../shared/spend-limit-objects.ts";

const Cursor = z.strictObject({ after: z.string().regex(/^[\w-]{1,128}$/) });

/** Pages count members, so that the periods of one stay together. */
export const spendLimitsEffective = defineEndpoint({
  name: "spend-limits-effective",
  summary: "List what each member may spend, and has",
  method: "GET",
  path: "/v1/organizations/spend_limits/effective",
  permission: "admin",
  query: z.object({
    ...CURSOR_QUERY,
    "period[]": z.array(SpendLimitPeriod).optional(),
    "user_ids[]": z.array(z.string()).optional(),
  }),
  reply: { schema: SpendSummaryPage },
  async handle({ admin, query }, { tenancy: { storage } }) {
    const { limit, cursor } = parseCursorQuery(query, Cursor);
    const userIds = parseList(query, "user_ids");
    const rows = await listUserSpend(storage, {
      organizationId: admin.organizationId,
      periods: queryChoices(query, "period", SpendLimitPeriod),
      userIds: userIds.length > 0 ? userIds : null,
      afterUserId: cursor?.after ?? null,
      users: limit + 1,
    });
    const members = [...new Set(rows.map((row) => row.limit.scopeId))];
    const shown = new Set(members.slice(0, limit));
    const last = members.length > limit ? members[limit - 1] : undefined;
    return {
      kind: "json",
      body: {
        data: rows.filter((row) => shown.has(row.limit.scopeId)).map(toSpendSummary),
        next_page: last === undefined ? null : encodeCursor({ after: last }),
      },
    };
  },
});
