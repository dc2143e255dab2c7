import { ANALYTICS_GROUPS, AnalyticsCostPage } from "@parley/wire";
import { z } from "zod";
import { analyticsCost } from "../../ledger/reports/analytics-report.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { ANALYTICS_QUERY, parseAnalyticsQuery, toAnalyticsPage } from "../shared/analytics-query.ts";

const FURTHER_GROUPS = ["cost_type", "token_type"] as const;
/** Nobody has a discount: both amounts are one. */
const METRICS = { amount: "amount", list_amount: "amount" } as const;

const Query = z.object({
  ...ANALYTICS_QUERY,
  "group_by[]": z.array(z.enum([...ANALYTICS_GROUPS, ...FURTHER_GROUPS])).optional(),
  order_by: z.enum(["time", "amount", "list_amount"]).optional(),
});

export const analyticsCostList = defineEndpoint({
  name: "analytics-cost-list",
  summary: "Report costs over a range, by any dimension, ranked",
  method: "GET",
  path: "/v1/organizations/analytics/cost",
  permission: "admin",
  forBilling: true,
  query: Query,
  reply: { schema: AnalyticsCostPage },
  async handle(asked, { tenancy: { storage }, clock }) {
    const nowMs = clock.nowMs();
    const known = Object.keys(Query.shape);
    const options = { known, further: FURTHER_GROUPS, metrics: METRICS, usualMetric: "amount", nowMs } as const;
    const { request, groups } = parseAnalyticsQuery(asked, options);
    const fan = { byCostType: groups.includes("cost_type"), byTokenType: groups.includes("token_type") };
    return { kind: "json", body: toAnalyticsPage(await analyticsCost({ storage }, request, fan), request, nowMs) };
  },
});
