import type { CostReport } from "@parley/wire";
import { formatCents } from "../../money/nano-usd.ts";
import type { Dimensions, RollupRow } from "../../storage/usage-rollups.ts";
import { type CostPart, costParts, type TokenType, totalNanoUsd } from "./cost-parts.ts";
import { type ReportBuckets, reportBuckets, type ReportDeps, type ReportRequest } from "./report-buckets.ts";

type Result = CostReport["data"][number]["results"][number];

export interface CostReportRequest extends Omit<ReportRequest, "groupBy" | "want" | "filters"> {
  readonly byWorkspace: boolean;
  /** A row for each thing paid for, instead of one for all. */
  readonly byDescription: boolean;
}

const TOKEN_NAMES: Readonly<Record<TokenType, string>> = {
  uncached_input_tokens: "Input Tokens",
  cache_read_input_tokens: "Input Tokens, Cache Read",
  "cache_creation.ephemeral_5m_input_tokens": "Input Tokens, Cache Write 5m",
  "cache_creation.ephemeral_1h_input_tokens": "Input Tokens, Cache Write 1h",
  output_tokens: "Output Tokens",
};

export function costReport(
  deps: ReportDeps,
  { organizationId, page, byWorkspace, byDescription }: CostReportRequest,
): Promise<ReportBuckets<Result>> {
  const groupBy = [
    ...(byWorkspace ? (["workspace_id"] as const) : []),
    ...(byDescription ? (["model", "service_tier", "context_window", "inference_geo"] as const) : []),
  ];
  return reportBuckets(deps, { organizationId, page, groupBy, want: "costs", filters: {} }, (row) =>
    byDescription ? costParts(row).map((part) => toPartResult(row.dimensions, part)) : [toWholeResult(row)],
  );
}

function toWholeResult(row: RollupRow): Result {
  return {
    currency: "USD",
    amount: formatCents(totalNanoUsd(row)),
    workspace_id: row.dimensions.workspace_id ?? null,
    description: null,
    cost_type: null,
    token_type: null,
    model: null,
    service_tier: null,
    context_window: null,
    inference_geo: null,
  };
}

function toPartResult(dimensions: Dimensions, { costType, tokenType, nanoUsd }: CostPart): Result {
  const isTokens = tokenType !== null;
  return {
    currency: "USD",
    amount: formatCents(nanoUsd),
    workspace_id: dimensions.workspace_id ?? null,
    description: isTokens ? `${dimensions.model} Usage - ${TOKEN_NAMES[tokenType]}` : "Web Search Usage",
    cost_type: costType,
    token_type: tokenType,
    model: isTokens ? (dimensions.model ?? null) : null,
    service_tier: isTokens ? (dimensions.service_tier ?? null) : null,
    context_window: isTokens ? (dimensions.context_window ?? null) : null,
    inference_geo: isTokens ? (dimensions.inference_geo ?? null) : null,
  };
}
