import { SpendIncreaseRequestPage, SpendIncreaseStatus } from "@parley/wire";
import { z } from "zod";
import { listIncreaseRequests } from "../../storage/spend-increase-requests.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { queryChoices } from "../shared/admin-request.ts";
import { CURSOR_QUERY, encodeCursor, parseCursorQuery, TimeCursor } from "../shared/page-query.ts";
import { parseList } from "../shared/report-query.ts";
import { toIncreaseRequest } from "../shared/spend-limit-objects.ts";

export const spendIncreasesList = defineEndpoint({
  name: "spend-increases-list",
  summary: "List requests for higher spend limits, newest first",
  method: "GET",
  path: "/v1/organizations/spend_limit_increase_requests",
  permission: "admin",
  query: z.object({
    ...CURSOR_QUERY,
    "actor_ids[]": z.array(z.string()).optional(),
    "status[]": z.array(SpendIncreaseStatus).optional(),
  }),
  reply: { schema: SpendIncreaseRequestPage },
  async handle({ admin, query }, { tenancy: { storage } }) {
    const { limit, cursor } = parseCursorQuery(query, TimeCursor);
    const userIds = parseList(query, "actor_ids");
    const rows = await listIncreaseRequests(storage, {
      organizationId: admin.organizationId,
      userIds: userIds.length > 0 ? userIds : null,
      statuses: queryChoices(query, "status", SpendIncreaseStatus),
      limit: limit + 1,
      after: cursor && { createdAtMs: cursor.at, id: cursor.id },
    });
    const shown = rows.slice(0, limit);
    const last = rows.length > limit ? shown.at(-1)?.request : undefined;
    return {
      kind: "json",
      body: {
        data: await Promise.all(shown.map((row) => toIncreaseRequest(storage, row))),
        next_page: last ? encodeCursor({ at: last.createdAt.getTime(), id: last.id } satisfies TimeCursor) : null,
      },
    };
  },
});
