import { CostReport, MessagesUsageReport } from "@parley/wire";
import { queryOptions } from "@tanstack/react-query";
import { call, type Schema } from "./call.ts";

export type BucketWidth = "1h" | "1d";
export type UsageGroup = "model" | "workspace_id" | "api_key_id";
export type CostGroup = "description" | "workspace_id";

export interface ReportSpan {
  /** RFC 3339, on the border of a bucket. */
  readonly from: string;
  readonly to: string;
  readonly width: BucketWidth;
}

const LIMITS: Readonly<Record<BucketWidth, number>> = { "1h": 168, "1d": 31 };
const LIVE_MS = 30_000;

export const usageQuery = (span: ReportSpan, group: UsageGroup | null) =>
  queryOptions({
    queryKey: ["usage", span, group],
    queryFn: ({ signal }) => readAll(MessagesUsageReport, "/v1/organizations/usage_report/messages", span, group, signal),
    refetchInterval: LIVE_MS,
    placeholderData: (before) => before,
  });

export const costQuery = (span: ReportSpan, group: CostGroup | null) =>
  queryOptions({
    queryKey: ["cost", span, group],
    queryFn: ({ signal }) => readAll(CostReport, "/v1/organizations/cost_report", span, group, signal),
    refetchInterval: LIVE_MS,
    placeholderData: (before) => before,
  });

/** Every page of a report. */
async function readAll<Bucket>(
  schema: Schema<{ readonly data: readonly Bucket[]; readonly next_page: string | null }>,
  path: string,
  { from, to, width }: ReportSpan,
  group: string | null,
  signal: AbortSignal,
): Promise<readonly Bucket[]> {
  const buckets: Bucket[] = [];
  let page: string | null = null;
  do {
    const query: Record<string, string | number | null> = {
      starting_at: from,
      ending_at: to,
      bucket_width: width,
      limit: LIMITS[width],
      "group_by[]": group,
      page,
    };
    const reply: { readonly data: readonly Bucket[]; readonly next_page: string | null } = await call(schema, path, {
      query,
      signal,
    });
    buckets.push(...reply.data);
    page = reply.next_page;
  } while (page !== null);
  return buckets;
}
