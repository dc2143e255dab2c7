import type { AnalyticsCostPage, AnalyticsGroup, AnalyticsUsagePage } from "@parley/wire";
import { NO_API_KEY } from "../../auth/principal.ts";
import { formatCents } from "../../money/nano-usd.ts";
import { type RankedDimension, type RankedUsage, type RankedUsageQuery, rankUsage } from "../../storage/ranked-usage.ts";
import { costParts, totalNanoUsd } from "./cost-parts.ts";
import type { ReportDeps } from "./report-buckets.ts";
import { BUCKET_WIDTHS, type BucketWidth, toTimestamp } from "./time-buckets.ts";

type UsageItem = AnalyticsUsagePage["data"][number];
type CostItem = AnalyticsCostPage["data"][number];

export interface AnalyticsRequest extends Omit<RankedUsageQuery, "unit" | "groupBy" | "isBucketed" | "keyless"> {
  /** Null: a row is of the whole range, in whole hours. */
  readonly width: BucketWidth | null;
  readonly groupBy: readonly AnalyticsGroup[];
  /** A filter names what is not here: nothing matches. */
  readonly matchesNothing: boolean;
}

export interface CostFan {
  readonly byCostType: boolean;
  readonly byTokenType: boolean;
}

export interface AnalyticsRows<Item> {
  readonly items: Item[];
  readonly hasMore: boolean;
}

/** What of the sums tells a dimension; absent: Parley has nothing of the kind, or it is the same for all. */
const SOURCES: Partial<Record<AnalyticsGroup, RankedDimension>> = {
  actor: "api_key_id",
  actor_type: "is_keyed",
  api_key_id: "api_key_id",
  context_window: "context_window",
  inference_geo: "inference_geo",
  model: "model",
  product: "product",
  service_tier: "service_tier",
  workspace_id: "workspace_id",
};

export async function analyticsUsage(deps: ReportDeps, request: AnalyticsRequest): Promise<AnalyticsRows<UsageItem>> {
  const { rows, hasMore } = await pageOf(deps, request);
  const items = rows.map((row) => ({
    ...periodOf(row, request),
    group: groupOf(row, request.groupBy),
    usage: {
      uncached_input_tokens: row.inputTokens,
      cache_creation: {
        ephemeral_1h_input_tokens: row.cacheWrite1hTokens,
        ephemeral_5m_input_tokens: row.cacheWrite5mTokens,
      },
      cache_read_input_tokens: row.cacheReadTokens,
      output_tokens: row.outputTokens,
      total_tokens: row.inputTokens + row.cacheReadTokens + row.cacheWrite5mTokens + row.cacheWrite1hTokens + row.outputTokens,
      requests: row.requests,
      server_tool_use: { web_search_requests: row.webSearches },
    },
  }));
  return { items, hasMore };
}

export async function analyticsCost(deps: ReportDeps, request: AnalyticsRequest, fan: CostFan): Promise<AnalyticsRows<CostItem>> {
  const { rows, hasMore } = await pageOf(deps, request);
  const items = rows.flatMap((row) => {
    const [period, group] = [periodOf(row, request), groupOf(row, request.groupBy)];
    return spread(row, fan).map(({ costType, tokenType, nanoUsd }) => ({
      ...period,
      group: { ...group, cost_type: costType, token_type: tokenType },
      cost: {
        currency: "USD" as const,
        amount: formatCents(nanoUsd),
        // Nobody has a discount on the list here.
        list_amount: formatCents(nanoUsd),
        requests: fan.byCostType || fan.byTokenType ? null : row.requests,
      },
    }));
  });
  return { items, hasMore };
}

/** A sum's cost as a whole, or in the parts that were asked for. */
function spread(
  row: RankedUsage,
  { byCostType, byTokenType }: CostFan,
): { readonly costType: "tokens" | "web_search" | null; readonly tokenType: string | null; readonly nanoUsd: bigint }[] {
  if (!byCostType && !byTokenType) return [{ costType: null, tokenType: null, nanoUsd: totalNanoUsd(row) }];
  const parts = costParts(row);
  const tokens = parts.filter(({ costType }) => costType === "tokens");
  const rest = byCostType ? parts.filter(({ costType }) => costType !== "tokens") : [];
  if (byTokenType) return [...tokens, ...rest];
  const nanoUsd = tokens.reduce((sum, part) => sum + part.nanoUsd, 0n);
  return [...(nanoUsd > 0n ? [{ costType: "tokens" as const, tokenType: null, nanoUsd }] : []), ...rest];
}

async function pageOf({ storage }: ReportDeps, request: AnalyticsRequest): Promise<{ rows: RankedUsage[]; hasMore: boolean }> {
  const { width, groupBy, matchesNothing, limit, ...query } = request;
  if (matchesNothing) return { rows: [], hasMore: false };
  const dimensions = new Set(groupBy.flatMap((name) => SOURCES[name] ?? []));
  const found = await rankUsage(storage, {
    ...query,
    unit: width === null ? "hour" : BUCKET_WIDTHS[width].unit,
    groupBy: [...dimensions],
    isBucketed: width !== null,
    keyless: NO_API_KEY,
    limit: limit + 1,
  });
  return { rows: found.slice(0, limit), hasMore: found.length > limit };
}

function periodOf({ bucketMs }: RankedUsage, { width, fromMs, toMs }: AnalyticsRequest) {
  const [startMs, endMs] = bucketMs === null || width === null ? [fromMs, toMs] : [bucketMs, bucketMs + BUCKET_WIDTHS[width].ms];
  return { starting_at: toTimestamp(startMs), ending_at: toTimestamp(endMs) };
}

function groupOf({ dimensions }: RankedUsage, groupBy: readonly AnalyticsGroup[]): UsageItem["group"] {
  const asked = (name: AnalyticsGroup & RankedDimension): string | null =>
    groupBy.includes(name) ? (dimensions[name] ?? null) : null;
  const key = dimensions.api_key_id === NO_API_KEY ? null : (dimensions.api_key_id ?? null);
  const geo = asked("inference_geo");
  return {
    actor: groupBy.includes("actor") && key !== null ? { type: "api_actor", api_key_id: key } : null,
    actor_type: dimensions.is_keyed === "true" ? "api_actor" : null,
    agent_id: null,
    api_key_id: groupBy.includes("api_key_id") ? key : null,
    claude_tag_category: null,
    claude_tag_user_id: null,
    context_window: asked("context_window"),
    deployment_id: null,
    environment_id: null,
    inference_geo: geo === "not_available" ? null : geo,
    model: asked("model"),
    organization_id: null,
    product: asked("product"),
    rbac_group_id: null,
    service_tier: asked("service_tier"),
    session_id: null,
    slack_channel_id: null,
    speed: groupBy.includes("speed") ? "standard" : null,
    user_profile_id: null,
    workspace_id: asked("workspace_id"),
  };
}
