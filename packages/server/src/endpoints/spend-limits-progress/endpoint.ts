import { SpendProgressPage } from "@parley/wire";
import { z } from "zod";
import { formatCents } from "../../money/nano-usd.ts";
import { listSpendLimits, readSpentInPeriods } from "../../storage/spend-limits.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { CURSOR_QUERY, parseCursorQuery, TimeCursor } from "../shared/page-query.ts";
import { toSpendLimit, toSpendLimitCursor } from "../shared/spend-limit-objects.ts";

/** Parley's own: the platform tells only of members what they have spent. */
export const spendLimitsProgress = defineEndpoint({
  name: "spend-limits-progress",
  summary: "List spend limits of every scope with what their periods have come to, newest first",
  method: "GET",
  path: "/v1/organizations/spend_limits/progress",
  permission: "admin",
  query: z.object(CURSOR_QUERY),
  reply: { schema: SpendProgressPage },
  async handle({ admin: { organizationId }, query }, { tenancy: { storage } }) {
    const { limit, cursor } = parseCursorQuery(query, TimeCursor);
    const after = cursor && { createdAtMs: cursor.at, id: cursor.id };
    const any = { scopeTypes: null, workspaceId: null };
    const rows = await listSpendLimits(storage, { organizationId, ...any, limit: limit + 1, after });
    const shown = rows.slice(0, limit);
    const spent = await readSpentInPeriods(
      storage,
      organizationId,
      shown.map(({ id }) => id),
    );
    const data = shown.map((row) => ({
      spend_limit: toSpendLimit(row),
      period_to_date_spend: formatCents(spent.get(row.id) ?? 0n),
    }));
    return { kind: "json", body: { data, next_page: toSpendLimitCursor(rows, limit) } };
  },
});
