import { findDefaultWorkspaceId } from "../../storage/workspaces.ts";
import type { Storage } from "../../storage/storage.ts";
import { type Dimension, type Dimensions, type RollupRow, sumRollups } from "../../storage/usage-rollups.ts";
import { BUCKET_WIDTHS, type BucketPage, bucketsOf, toTimestamp } from "./time-buckets.ts";

export interface ReportDeps {
  readonly storage: Storage;
}

export interface ReportRequest {
  readonly organizationId: string;
  readonly page: BucketPage;
  readonly groupBy: readonly Dimension[];
  readonly want: "tokens" | "costs";
  readonly filters: Partial<Record<Dimension, readonly string[]>>;
}

export interface ReportBuckets<Result> {
  readonly data: { readonly starting_at: string; readonly ending_at: string; readonly results: Result[] }[];
  readonly nextMs: number | null;
}

/** One page of buckets, each with what `toResults` makes of its sums; a bucket without usage has none. */
export async function reportBuckets<Result>(
  { storage }: ReportDeps,
  { organizationId, page, groupBy, want, filters }: ReportRequest,
  toResults: (row: RollupRow) => readonly Result[],
): Promise<ReportBuckets<Result>> {
  const { startsMs, nextMs } = bucketsOf(page);
  const { ms, unit } = BUCKET_WIDTHS[page.width];
  const [first, last] = [startsMs[0], startsMs.at(-1)];
  if (first === undefined || last === undefined) return { data: [], nextMs: null };
  const rows = await sumRollups(storage, { organizationId, unit, fromMs: first, toMs: last + ms, groupBy, want, filters });
  const defaultWorkspaceId = groupBy.includes("workspace_id") ? await findDefaultWorkspaceId(storage, organizationId) : null;
  const byBucket = Map.groupBy(
    rows.map((row) => ({ ...row, dimensions: withoutDefault(row.dimensions, defaultWorkspaceId) })),
    (row) => row.bucketMs,
  );
  const data = startsMs.map((startMs) => ({
    starting_at: toTimestamp(startMs),
    ending_at: toTimestamp(startMs + ms),
    results: (byBucket.get(startMs) ?? []).flatMap(toResults),
  }));
  return { data, nextMs };
}

function withoutDefault({ workspace_id: workspaceId, ...rest }: Dimensions, defaultWorkspaceId: string | null): Dimensions {
  return workspaceId === undefined || workspaceId === defaultWorkspaceId ? rest : { ...rest, workspace_id: workspaceId };
}
