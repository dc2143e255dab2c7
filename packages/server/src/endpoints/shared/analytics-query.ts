import { ANALYTICS_GROUPS, type AnalyticsGroup } from "@parley/wire";
import { z } from "zod";
import { NO_API_KEY } from "../../auth/principal.ts";
import type { AnalyticsRequest, AnalyticsRows } from "../../ledger/reports/analytics-report.ts";
import { BUCKET_WIDTHS, type BucketWidth, toTimestamp } from "../../ledger/reports/time-buckets.ts";
import type { UsageMetric } from "../../storage/ranked-usage.ts";
import { fail } from "../../platform/fail.ts";
import type { AdminRequest } from "../define-endpoint.ts";
import { encodeCursor, parseCursorQuery, refuseQuery } from "./page-query.ts";
import { parseChoice, parseChoices, parseInstant, parseList, refuseUnknownKeys } from "./report-query.ts";

const BETA = "analytics-usage-cost-2026-08-24";
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const SPAN_MAX_DAYS = 31;
const GROUPS_MAX = 5;
const WIDTHS = ["1d", "1h", "1m"] as const;
const ACTOR_TYPES = ["api_actor", "federated_actor", "service_account_actor", "user_actor"] as const;
const CONTEXT_WINDOWS = ["0-200k", "200k-1M"] as const;
const GEOS = ["global", "not_available", "us"] as const;
const SERVICE_TIERS = ["batch", "flex", "flex_discount", "priority", "priority_on_demand", "standard"] as const;
const SPEEDS = ["fast", "standard"] as const;
const TAG_CATEGORIES = ["dm", "engaged", "monitoring", "proactive", "scheduled"] as const;
const PRODUCTS = [
  "chat",
  "chat_cowork_unified",
  "claude_code",
  "claude_console",
  "claude_design",
  "claude_in_chrome",
  "claude_tag",
  "cowork",
  "managed_agents_api",
  "message_batches_api",
  "messages_api",
  "office_agent",
] as const;
/** Filters on what no usage here has. */
const ABSENT = [
  "agent_ids",
  "claude_tag_user_ids",
  "deployment_ids",
  "environment_ids",
  "organization_ids",
  "rbac_group_ids",
  "session_ids",
  "slack_channel_ids",
  "user_profile_ids",
] as const;

const strings = z.array(z.string()).optional();

/** The query of both reports, for the contract; their `group_by[]` and `order_by` are their own. */
export const ANALYTICS_QUERY = {
  starting_at: z.string(),
  ending_at: z.string().optional(),
  time_bucket_width: z.enum(WIDTHS).optional(),
  order: z.enum(["asc", "desc"]).optional(),
  limit: z.int().min(1).max(1_000).optional(),
  page: z.string().optional(),
  exclude_deleted_users: z.boolean().optional(),
  "actor_ids[]": strings,
  "actor_types[]": z.array(z.enum(ACTOR_TYPES)).optional(),
  "api_key_ids[]": strings,
  "claude_tag_categories[]": z.array(z.enum(TAG_CATEGORIES)).optional(),
  "context_windows[]": z.array(z.enum(CONTEXT_WINDOWS)).optional(),
  "inference_geos[]": z.array(z.enum(GEOS)).optional(),
  "models[]": strings,
  "products[]": z.array(z.enum(PRODUCTS)).optional(),
  "service_tiers[]": z.array(z.enum(SERVICE_TIERS)).optional(),
  "speeds[]": z.array(z.enum(SPEEDS)).optional(),
  "workspace_ids[]": strings,
  ...(Object.fromEntries(ABSENT.map((name) => [`${name}[]`, strings])) as Record<`${(typeof ABSENT)[number]}[]`, typeof strings>),
};

const Cursor = z.strictObject({ offset: z.int().min(0).max(1_000_000_000) });

/** Checks and reads a query. `further`: groups of the one report alone, which do not count among the five. */
export function parseAnalyticsQuery<Further extends string = never>(
  { query, betas, admin }: Pick<AdminRequest, "query" | "betas" | "admin">,
  options: {
    readonly known: readonly string[];
    readonly further: readonly Further[];
    readonly metrics: Readonly<Record<string, UsageMetric>>;
    /** The metric that is ranked by unless another is asked for. */
    readonly usualMetric: UsageMetric;
    readonly nowMs: number;
  },
): { readonly request: AnalyticsRequest; readonly groups: readonly (AnalyticsGroup | Further)[] } {
  if (!betas.includes(BETA)) {
    throw fail("invalid_request_error", { public: `anthropic-beta: This endpoint needs the header \`${BETA}\`` });
  }
  refuseUnknownKeys(query, options.known);
  const { limit, cursor } = parseCursorQuery(query, Cursor);
  const groups = [...new Set(parseChoices(query, "group_by", [...ANALYTICS_GROUPS, ...options.further]))];
  const groupBy = groups.filter((name) => ANALYTICS_GROUPS.some((each) => each === name)) as AnalyticsGroup[];
  if (groupBy.length > GROUPS_MAX) throw refuseQuery("group_by", `List should have at most ${GROUPS_MAX} items`);
  const orderBy = query.has("order_by") ? parseChoice(query, "order_by", ["time", ...Object.keys(options.metrics)]) : null;
  if (readFlag(query, "exclude_deleted_users") && !groupBy.includes("actor")) {
    throw refuseQuery("exclude_deleted_users", "Requires `group_by[]=actor`");
  }
  const request: AnalyticsRequest = {
    organizationId: admin.organizationId,
    ...parseRange(query, options.nowMs),
    groupBy,
    ...parseFilters(query),
    metric: (orderBy === null ? undefined : options.metrics[orderBy]) ?? options.usualMetric,
    isByTime: orderBy === "time",
    isAscending: query.has("order") && parseChoice(query, "order", ["asc", "desc"]) === "asc",
    limit,
    offset: cursor?.offset ?? 0,
  };
  return { request, groups };
}

/** The sums are written with the rows that they sum: a report is never older than its request. */
export function toAnalyticsPage<Item>(
  { items, hasMore }: AnalyticsRows<Item>,
  { offset, limit }: Pick<AnalyticsRequest, "offset" | "limit">,
  nowMs: number,
) {
  const next = hasMore ? encodeCursor({ offset: offset + limit }) : null;
  return { data: items, has_more: hasMore, next_page: next, data_refreshed_at: toTimestamp(Math.floor(nowMs / 1_000) * 1_000) };
}

function parseRange(query: URLSearchParams, nowMs: number): Pick<AnalyticsRequest, "width" | "fromMs" | "toMs"> {
  const width: BucketWidth | null = query.has("time_bucket_width") ? parseChoice(query, "time_bucket_width", WIDTHS) : null;
  const startMs = parseInstant(query, "starting_at");
  if (width !== null && !query.has("ending_at")) {
    throw refuseQuery("ending_at", "Field required with `time_bucket_width`");
  }
  const endMs = query.has("ending_at") ? parseInstant(query, "ending_at") : Math.min(nowMs, startMs + SPAN_MAX_DAYS * DAY_MS);
  if (query.has("ending_at") && endMs <= startMs) throw refuseQuery("ending_at", "Input should be after `starting_at`");
  if (endMs - startMs > SPAN_MAX_DAYS * DAY_MS)
    throw refuseQuery("ending_at", `The range may span at most ${SPAN_MAX_DAYS} days`);
  if (width === "1m" && endMs - startMs > DAY_MS) throw refuseQuery("ending_at", "The range may span at most 24 hours with `1m`");
  const ms = width === null ? HOUR_MS : BUCKET_WIDTHS[width].ms;
  const floor = (atMs: number): number => Math.floor(atMs / ms) * ms;
  // A bucket that the end falls into is told whole; without buckets the report is of whole hours.
  return { width, fromMs: floor(startMs), toMs: width === null ? Math.max(floor(startMs), floor(endMs)) : endMs };
}

function parseFilters(query: URLSearchParams): Pick<AnalyticsRequest, "filters" | "isKeyedOnly" | "matchesNothing"> {
  const actorTypes = parseChoices(query, "actor_types", ACTOR_TYPES);
  const speeds = parseChoices(query, "speeds", SPEEDS);
  const actorIds = parseList(query, "actor_ids");
  const apiKeyIds = parseList(query, "api_key_ids").map((id) => (id === "" ? NO_API_KEY : id));
  // Usage belongs to its key: of people and service accounts there is none.
  const ids = [apiKeyIds, actorIds].filter((list) => list.length > 0);
  const [first = [], second = first] = ids;
  const keyIds = first.filter((id) => second.includes(id));
  return {
    filters: {
      api_key_id: keyIds,
      workspace_id: parseList(query, "workspace_ids"),
      model: parseList(query, "models"),
      product: parseChoices(query, "products", PRODUCTS),
      service_tier: parseChoices(query, "service_tiers", SERVICE_TIERS),
      context_window: parseChoices(query, "context_windows", CONTEXT_WINDOWS),
      inference_geo: parseChoices(query, "inference_geos", GEOS),
    },
    isKeyedOnly: actorTypes.length > 0 || actorIds.length > 0,
    matchesNothing:
      parseChoices(query, "claude_tag_categories", TAG_CATEGORIES).length > 0 ||
      ABSENT.some((name) => parseList(query, name).length > 0) ||
      (ids.length > 0 && keyIds.length === 0) ||
      (actorTypes.length > 0 && !actorTypes.includes("api_actor")) ||
      (speeds.length > 0 && !speeds.includes("standard")),
  };
}

function readFlag(query: URLSearchParams, name: string): boolean {
  return query.has(name) && parseChoice(query, name, ["true", "false"]) === "true";
}
