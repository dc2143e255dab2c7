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
const WIDTHS_MS: Readonly<Record<BucketWidth, number>> = { "1h": 3_600_000, "1d": 86_400_000 };
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
    queryFn: ({ signal }) => readAll(CostReport, "/v1/organizations/cost_report", span, group === null ? [] : [group], signal),
    refetchInterval: LIVE_MS,
    placeholderData: (before) => before,
  });

/** Every part of a report, asked for at once: pages that wait for one another take as many times as long. */
async function readAll<Bucket>(
  schema: Schema<{ readonly data: readonly Bucket[]; readonly next_page: string | null }>,
  path: string,
  { from, to, width }: ReportSpan,
  groups: readonly string[],
  signal: AbortSignal,
): Promise<readonly Bucket[]> {
  const stepMs = LIMITS[width] * WIDTHS_MS[width];
  const starts: number[] = [];
  for (let at = Date.parse(from); at < Date.parse(to); at += stepMs) starts.push(at);
  const parts = await Promise.all(
    starts.map(async (at) => {
      const { data } = await call(schema, path, {
        query: {
          starting_at: new Date(at).toISOString(),
          ending_at: new Date(Math.min(at + stepMs, Date.parse(to))).toISOString(),
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
