import { sql, type SQL } from "drizzle-orm";
import type { Storage } from "./storage.ts";
import {
  COST_COLUMNS,
  type Dimension,
  onlyWith,
  type RollupQuery,
  sumsOf,
  TABLES,
  TOKEN_COLUMNS,
  toSums,
  type UsageSums,
} from "./usage-rollups.ts";

/** What rows are ranked by. */
export type UsageMetric = "total_tokens" | "output_tokens" | "uncached_input_tokens" | "requests" | "amount";

/** A dimension of the sums, or whether a key was used at all. */
export type RankedDimension = Dimension | "is_keyed";

export interface RankedUsageQuery extends Pick<RollupQuery, "organizationId" | "unit" | "fromMs" | "toMs" | "filters"> {
  readonly groupBy: readonly RankedDimension[];
  /** A row for each bucket, or one for all of them. */
  readonly isBucketed: boolean;
  /** What stands in place of a key's id where none was used. */
  readonly keyless: string;
  readonly isKeyedOnly: boolean;
  readonly metric: UsageMetric;
  /** By bucket first, and by the metric within one, highest first. */
  readonly isByTime: boolean;
  readonly isAscending: boolean;
  readonly limit: number;
  readonly offset: number;
}

export interface RankedUsage extends UsageSums {
  /** Null: it is of the whole range. */
  readonly bucketMs: number | null;
  readonly dimensions: Partial<Record<RankedDimension, string>>;
}

const plus = (columns: readonly string[]): string => `sum(${columns.map((name) => `u.${name}`).join(" + ")})`;
const METRICS: Readonly<Record<UsageMetric, SQL>> = {
  total_tokens: sql.raw(
    plus(["input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "output_tokens"]),
  ),
  output_tokens: sql.raw("sum(u.output_tokens)"),
  uncached_input_tokens: sql.raw("sum(u.input_tokens)"),
  requests: sql.raw("sum(u.requests)"),
  amount: sql.raw(plus(COST_COLUMNS)),
};
const SUMS = sumsOf([...TOKEN_COLUMNS, ...COST_COLUMNS]);

/** One page of sums in the order of a metric, over a range as a whole or by bucket. */
export async function rankUsage(storage: Storage, query: RankedUsageQuery): Promise<RankedUsage[]> {
  const { organizationId, unit, fromMs, toMs, filters, groupBy, isBucketed, keyless, metric } = query;
  const columns = groupBy.map((name) =>
    name === "is_keyed"
      ? sql`(s.api_key_id <> ${keyless})::text as is_keyed`
      : sql`s.${sql.identifier(name)} as ${sql.identifier(name)}`,
  );
  const bucket = isBucketed ? [sql`extract(epoch from u.bucket)::bigint * 1000 as bucket_ms`] : [];
  const keys = [...bucket, ...columns];
  // By their places: an expression with a parameter is not recognised as the same.
  const places = keys.map((_, index) => sql.raw(String(index + 1)));
  const direction = sql.raw(query.isAscending ? "asc" : "desc");
  const order =
    query.isByTime && isBucketed
      ? [sql`1 ${direction}`, sql`${METRICS[metric]} desc`, ...places.slice(1)]
      : [sql`${METRICS[metric]} ${direction}`, ...places];
  const { rows } = await storage.run({ operation: "rank usage", repeatable: true }, (database) =>
    database.execute<Record<string, string>>(sql`
      select ${sql.join([...keys, SUMS], sql`, `)}
      from ${sql.identifier(TABLES[unit])} u join usage_series s on s.id = u.series_id
      where s.organization_id = ${organizationId}
        and u.bucket >= to_timestamp(${fromMs / 1000}::double precision) and u.bucket < to_timestamp(${toMs / 1000}::double precision)
        ${onlyWith(filters)} ${query.isKeyedOnly ? sql`and s.api_key_id <> ${keyless}` : sql``}
      ${places.length > 0 ? sql`group by ${sql.join(places, sql`, `)}` : sql``}
      having count(*) > 0
      order by ${sql.join(order, sql`, `)} limit ${query.limit} offset ${query.offset}`),
  );
  return rows.map((row) => ({
    bucketMs: isBucketed ? Number(row["bucket_ms"]) : null,
    dimensions: Object.fromEntries(groupBy.map((name) => [name, row[name] ?? ""])),
    ...toSums(row),
  }));
}
