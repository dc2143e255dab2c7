import { MessagesUsageReport } from "@parley/wire";
import { z } from "zod";
import { messagesUsageReport } from "../../ledger/reports/messages-usage-report.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { parseBucketPage, parseChoices, parseList, refuseUnknownKeys, toReportPage } from "../shared/report-query.ts";

const GROUPS = ["api_key_id", "workspace_id", "model", "service_tier", "context_window", "inference_geo"] as const;
const SERVICE_TIERS = ["standard", "batch", "priority"] as const;
const CONTEXT_WINDOWS = ["0-200k", "200k-1M"] as const;
const GEOS = ["global", "us", "not_available"] as const;

const Query = z.object({
  starting_at: z.string(),
  ending_at: z.string().optional(),
  bucket_width: z.enum(["1m", "1h", "1d"]).optional(),
  limit: z.int().optional(),
  page: z.string().optional(),
  "group_by[]": z.array(z.enum(GROUPS)).optional(),
  "api_key_ids[]": z.array(z.string()).optional(),
  "workspace_ids[]": z.array(z.string()).optional(),
  "models[]": z.array(z.string()).optional(),
  "service_tiers[]": z.array(z.enum(SERVICE_TIERS)).optional(),
  "context_window[]": z.array(z.enum(CONTEXT_WINDOWS)).optional(),
  "inference_geos[]": z.array(z.enum(GEOS)).optional(),
});

export const usageReportMessages = defineEndpoint({
  name: "usage-report-messages",
  summary: "Report tokens by minute, hour or day",
  method: "GET",
  path: "/v1/organizations/usage_report/messages",
  permission: "admin",
  forBilling: true,
  query: Query,
  reply: { schema: MessagesUsageReport },
  async handle({ query, admin }, { tenancy: { storage }, clock }) {
    refuseUnknownKeys(query, Object.keys(Query.shape));
    const { data, nextMs } = await messagesUsageReport(
      { storage },
      {
        organizationId: admin.organizationId,
        page: parseBucketPage(query, ["1m", "1h", "1d"], clock.nowMs()),
        groupBy: [...new Set(parseChoices(query, "group_by", GROUPS))],
        filters: {
          api_key_id: parseList(query, "api_key_ids"),
          workspace_id: parseList(query, "workspace_ids"),
          model: parseList(query, "models"),
          service_tier: parseChoices(query, "service_tiers", SERVICE_TIERS),
          context_window: parseChoices(query, "context_window", CONTEXT_WINDOWS),
          inference_geo: parseChoices(query, "inference_geos", GEOS),
        },
      },
    );
    return { kind: "json", body: toReportPage(data, nextMs === null ? null : { at: nextMs }) };
  },
});
