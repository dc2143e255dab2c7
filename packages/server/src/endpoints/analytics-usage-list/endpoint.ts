import { ANALYTICS_GROUPS, AnalyticsUsagePage } from "@parley/wire";
import { z } from "zod";
import { analyticsUsage } from "../../ledger/reports/analytics-report.ts";
import type { UsageMetric } from "../../storage/ranked-usage.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { ANALYTICS_QUERY, parseAnalyticsQuery, toAnalyticsPage } from "../shared/analytics-query.ts";

const METRICS = {
  output_tokens: "output_tokens",
  requests: "requests",
  total_tokens: "total_tokens",
  uncached_input_tokens: "uncached_input_tokens",
} as const satisfies Record<string, UsageMetric>;

const Query = z.object({
  ...ANALYTICS_QUERY,
  "group_by[]": z.array(z.enum(ANALYTICS_GROUPS)).optional(),
  order_by: z.enum(["time", "output_tokens", "requests", "total_tokens", "uncached_input_tokens"]).optional(),
});

export const analyticsUsageList = defineEndpoint({
  name: "analytics-usage-list",
  summary: "Report tokens over a range, by any dimension, ranked",
  method: "GET",
  path: "/v1/organizations/analytics/usage",
  permission: "admin",
  query: Query,
  reply: { schema: AnalyticsUsagePage },
  async handle(asked, { tenancy: { storage }, clock }) {
    const nowMs = clock.nowMs();
    const known = Object.keys(Query.shape);
    const { request } = parseAnalyticsQuery(asked, { known, further: [], metrics: METRICS, usualMetric: "total_tokens", nowMs });
    return { kind: "json", body: toAnalyticsPage(await analyticsUsage({ storage }, request), request, nowMs) };
  },
});
