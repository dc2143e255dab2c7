import { ClaudeCodeUsageReport } from "@parley/wire";
import { z } from "zod";
import { claudeCodeReport } from "../../ledger/reports/claude-code-report.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { parseCursorQuery } from "../shared/page-query.ts";
import { parseInstant, refuseUnknownKeys, toReportPage } from "../shared/report-query.ts";

const MS_PER_DAY = 86_400_000;
const Query = z.object({ starting_at: z.string(), limit: z.int().optional(), page: z.string().optional() });
const Cursor = z.strictObject({ after: z.string().regex(/^[\w-]+$/) });

export const usageReportClaudeCode = defineEndpoint({
  name: "usage-report-claude-code",
  summary: "Report what Claude Code used on a day",
  method: "GET",
  path: "/v1/organizations/usage_report/claude_code",
  permission: "admin",
  query: Query,
  reply: { schema: ClaudeCodeUsageReport },
  async handle({ query, admin }, { tenancy: { storage } }) {
    refuseUnknownKeys(query, Object.keys(Query.shape));
    const { limit, cursor } = parseCursorQuery(query, Cursor);
    const { data, nextKeyId } = await claudeCodeReport(
      { storage },
      {
        organizationId: admin.organizationId,
        dayMs: Math.floor(parseInstant(query, "starting_at") / MS_PER_DAY) * MS_PER_DAY,
        limit,
        afterKeyId: cursor?.after ?? null,
      },
    );
    return { kind: "json", body: toReportPage(data, nextKeyId === null ? null : { after: nextKeyId }) };
  },
});
