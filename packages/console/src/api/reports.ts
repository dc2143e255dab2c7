import { AnalyticsCostPage, MessagesUsageReport } from "@parley/wire";
import { queryOptions } from "@tanstack/react-query";
import { call, type Schema } from "./call.ts";

export type BucketWidth = "1h" | "1d";
export type UsageGroup = "model" | "workspace_id" | "api_key_id";
export type CostGroup = "model" | "token_type" | "workspace_id" | "api_key_id";
export type Cost = AnalyticsCostPage["data"][number];

export interface CostBucket {
  readonly starting_at: string;
  readonly ending_at: string;
  readonly results: readonly Cost[];
}

export interface ReportSpan {
  /** RFC 3339, on the border of a bucket. */
  readonly from: string;
  readonly to: string;
  readonly width: BucketWidth;
}

const LIMITS: Readonly<Record<BucketWidth, number>> = { "1h": 168, "1d": 31 };
const WIDTHS_MS: Readonly<Record<BucketWidth, number>> = { "1h": 3_600_000, "1d": 86_400_000 };
/** What one question for costs may be about, and how many rows a page of its answer has at most. */
const DAYS_MAX = 31;
const COSTS_MAX = 1_000;
const LIVE_MS = 30_000;

export const usageQuery = (span: ReportSpan, group: UsageGroup | null) =>
  queryOptions({
    queryKey: ["usage", span, group],
    queryFn: ({ signal }) =>
      readAll(
        MessagesUsageReport,
        "/v1/organizations/usage_report/messages",
        span,
        // The tier tells what came of batches.
        [...(group === null ? [] : [group]), "service_tier"],
        signal,
      ),
    refetchInterval: LIVE_MS,
    placeholderData: (before) => before,
  });

export const costQuery = (span: ReportSpan, group: CostGroup | null) =>
  queryOptions({
    queryKey: ["cost", span, group],
    queryFn: async ({ signal }) => {
      const rows = (
        await Promise.all(partsOf(span, DAYS_MAX * WIDTHS_MS["1d"]).map((part) => readCosts(part, group, signal)))
      ).flat();
      const byTime = Map.groupBy(rows, (row) => Date.parse(row.starting_at));
      return partsOf(span, WIDTHS_MS[span.width]).map(({ from, to }): CostBucket => ({
        starting_at: from,
        ending_at: to,
        results: byTime.get(Date.parse(from)) ?? [],
      }));
    },
    refetchInterval: LIVE_MS,
    placeholderData: (before) => before,
  });

/** The rows of a time, page after page: only the server knows how many there are. */
async function readCosts(
  { from, to, width }: ReportSpan,
  group: CostGroup | null,
  signal: AbortSignal,
): Promise<readonly Cost[]> {
  const rows: Cost[] = [];
  let page: string | null = null;
  do {
    const read: AnalyticsCostPage = await call(AnalyticsCostPage, "/v1/organizations/analytics/cost", {
      query: {
        starting_at: from,
        ending_at: to,
        time_bucket_width: width,
        order_by: "time",
        order: "asc",
        limit: COSTS_MAX,
        page,
        // What is no token has a kind of cost only.
        "group_by[]": group === null ? [] : group === "token_type" ? [group, "cost_type"] : [group],
      },
      beta: "analytics-usage-cost-2026-08-24",
      signal,
    });
    rows.push(...read.data);
    page = read.next_page;
  } while (page !== null);
  return rows;
}

/** Every part of a report, asked for at once: pages that wait for one another take as many times as long. */
async function readAll<Bucket>(
  schema: Schema<{ readonly data: readonly Bucket[]; readonly next_page: string | null }>,
  path: string,
  span: ReportSpan,
  groups: readonly string[],
  signal: AbortSignal,
): Promise<readonly Bucket[]> {
  const { width } = span;
  const parts = await Promise.all(
    partsOf(span, LIMITS[width] * WIDTHS_MS[width]).map(async ({ from, to }) => {
      const { data } = await call(schema, path, {
        query: {
          starting_at: from,
          ending_at: to,
          bucket_width: width,
          limit: LIMITS[width],
          "group_by[]": groups,
        },
        signal,
      });
      return data;
    }),
  );
  return parts.flat();
}

/** A time in parts of at most so long. */
function partsOf({ from, to, width }: ReportSpan, stepMs: number): readonly ReportSpan[] {
  const endMs = Date.parse(to);
  const parts: ReportSpan[] = [];
  for (let at = Date.parse(from); at < endMs; at += stepMs) {
    parts.push({ from: new Date(at).toISOString(), to: new Date(Math.min(at + stepMs, endMs)).toISOString(), width });
  }
  return parts;
}
