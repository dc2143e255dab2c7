import { CostReport } from "@parley/wire";
import { z } from "zod";
import { costReport as report } from "../../ledger/reports/cost-report.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { parseBucketPage, parseChoices, refuseUnknownKeys, toReportPage } from "../shared/report-query.ts";

const GROUPS = ["workspace_id", "description"] as const;

const Query = z.object({
  starting_at: z.string(),
  ending_at: z.string().optional(),
  bucket_width: z.enum(["1d"]).optional(),
  limit: z.int().optional(),
  page: z.string().optional(),
  "group_by[]": z.array(z.enum(GROUPS)).optional(),
});

export const costReport = defineEndpoint({
  name: "cost-report",
  summary: "Report costs by day",
  method: "GET",
  path: "/v1/organizations/cost_report",
  permission: "admin",
  forBilling: true,
  query: Query,
  reply: { schema: CostReport },
  async handle({ query, admin }, { tenancy: { storage }, clock }) {
    refuseUnknownKeys(query, Object.keys(Query.shape));
    const groups = parseChoices(query, "group_by", GROUPS);
    const { data, nextMs } = await report(
      { storage },
      {
        organizationId: admin.organizationId,
        page: parseBucketPage(query, ["1d"], clock.nowMs()),
        byWorkspace: groups.includes("workspace_id"),
        byDescription: groups.includes("description"),
      },
    );
    return { kind: "json", body: toReportPage(data, nextMs === null ? null : { at: nextMs }) };
  },
});
