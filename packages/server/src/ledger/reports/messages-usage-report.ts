import { NO_API_KEY } from "../../auth/principal.ts";
import type { MessagesUsageReport } from "@parley/wire";
import type { RollupRow } from "../../storage/usage-rollups.ts";
import { type ReportBuckets, reportBuckets, type ReportDeps, type ReportRequest } from "./report-buckets.ts";

type Result = MessagesUsageReport["data"][number]["results"][number];

export function messagesUsageReport(deps: ReportDeps, request: Omit<ReportRequest, "want">): Promise<ReportBuckets<Result>> {
  return reportBuckets(deps, { ...request, want: "tokens" }, (row) => [toUsageResult(row)]);
}

function toUsageResult({ dimensions, ...sums }: RollupRow): Result {
  return {
    uncached_input_tokens: sums.inputTokens,
    cache_creation: {
      ephemeral_1h_input_tokens: sums.cacheWrite1hTokens,
      ephemeral_5m_input_tokens: sums.cacheWrite5mTokens,
    },
    cache_read_input_tokens: sums.cacheReadTokens,
    output_tokens: sums.outputTokens,
    server_tool_use: { web_search_requests: sums.webSearches },
    api_key_id: dimensions.api_key_id === NO_API_KEY ? null : (dimensions.api_key_id ?? null),
    workspace_id: dimensions.workspace_id ?? null,
    model: dimensions.model ?? null,
    service_tier: dimensions.service_tier ?? null,
    context_window: dimensions.context_window ?? null,
    inference_geo: dimensions.inference_geo ?? null,
  };
}
