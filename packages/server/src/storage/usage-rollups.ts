import { sql, type SQL } from "drizzle-orm";
import type { Storage } from "./storage.ts";

export type RollupUnit = "minute" | "hour" | "day";

/** What sums are kept apart by; names of columns. */
export const DIMENSIONS = [
  "workspace_id",
  "api_key_id",
  "model",
  "service_tier",
  "inference_geo",
  "context_window",
  "product",
] as const;
export type Dimension = (typeof DIMENSIONS)[number];
export type Dimensions = Partial<Record<Dimension, string>>;

export interface RollupQuery {
  readonly organizationId: string;
  readonly unit: RollupUnit;
  /** Inclusive, and exclusive; of the buckets' beginnings. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly groupBy: readonly Dimension[];
  /** Tokens or costs alone are read faster than both; what is not read is zero. */
  readonly want: "tokens" | "costs" | "all";
  /** Only series with one of these values. */
  readonly filters: Partial<Record<Dimension, readonly string[]>>;
}

export interface UsageSums {
  readonly requests: number;
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWrite5mTokens: number;
  readonly cacheWrite1hTokens: number;
  readonly outputTokens: number;
  readonly webSearches: number;
  readonly inputNanoUsd: bigint;
  readonly cacheReadNanoUsd: bigint;
  readonly cacheWrite5mNanoUsd: bigint;
  readonly cacheWrite1hNanoUsd: bigint;
  readonly outputNanoUsd: bigint;
  readonly webSearchNanoUsd: bigint;
}

export interface RollupRow extends UsageSums {
  readonly bucketMs: number;
  readonly dimensions: Dimensions;
}

export const TABLES: Readonly<Record<RollupUnit, string>> = { minute: "usage_minutes", hour: "usage_hours", day: "usage_days" };

/** What the sums of whole organizations leave out. */
const OF_PARTS: ReadonlySet<Dimension> = new Set(["workspace_id", "api_key_id"]);
const ORGANIZATION_TABLES: typeof TABLES = {
  minute: "usage_organization_minutes",
  hour: "usage_organization_hours",
  day: "usage_organization_days",
};

/** Where the sums stand that a query needs: those of the whole organization where it asks for nothing that they leave out. */
function sourceOf({ unit, groupBy, filters }: Pick<RollupQuery, "unit" | "groupBy" | "filters">): SQL {
  const isOfParts = [...OF_PARTS].some((name) => groupBy.includes(name) || (filters[name] ?? []).length > 0);
  return isOfParts
    ? sql`${sql.identifier(TABLES[unit])} u join usage_series s on s.id = u.series_id`
    : sql`${sql.identifier(ORGANIZATION_TABLES[unit])} u join usage_organization_series s on s.id = u.series_id`;
}

export const TOKEN_COLUMNS = [
  "requests",
  "input_tokens",
  "cache_read_tokens",
  "cache_write_5m_tokens",
  "cache_write_1h_tokens",
  "output_tokens",
  "web_searches",
];
export const COST_COLUMNS = [
  "input_nano_usd",
  "cache_read_nano_usd",
  "cache_write_5m_nano_usd",
  "cache_write_1h_nano_usd",
  "output_nano_usd",
  "web_search_nano_usd",
];
const SUMS = {
  tokens: sumsOf(TOKEN_COLUMNS),
  costs: sumsOf(COST_COLUMNS),
  all: sumsOf([...TOKEN_COLUMNS, ...COST_COLUMNS]),
};

export function sumsOf(columns: readonly string[]): SQL {
  return sql.raw(columns.map((name) => `sum(u.${name})::text as ${name}`).join(", "));
}

/** Sums by bucket and by the dimensions asked for, in their order. The ledger itself is never read. */
export async function sumRollups(storage: Storage, query: RollupQuery): Promise<RollupRow[]> {
  const statement = rollupStatement(query);
  const { rows } = await storage.run({ operation: "sum usage", repeatable: true }, (database) =>
    database.execute<Record<string, string>>(statement),
  );
  return rows.map((row) => ({
    bucketMs: Number(row["bucket_ms"] ?? 0),
    dimensions: Object.fromEntries(query.groupBy.map((name) => [name, row[name] ?? ""])),
    ...toSums(row),
  }));
}

export function toSums(row: Readonly<Record<string, string | null>>): UsageSums {
  return {
    requests: Number(row["requests"] ?? 0),
    inputTokens: Number(row["input_tokens"] ?? 0),
    cacheReadTokens: Number(row["cache_read_tokens"] ?? 0),
    cacheWrite5mTokens: Number(row["cache_write_5m_tokens"] ?? 0),
    cacheWrite1hTokens: Number(row["cache_write_1h_tokens"] ?? 0),
    outputTokens: Number(row["output_tokens"] ?? 0),
    webSearches: Number(row["web_searches"] ?? 0),
    inputNanoUsd: BigInt(row["input_nano_usd"] ?? 0),
    cacheReadNanoUsd: BigInt(row["cache_read_nano_usd"] ?? 0),
    cacheWrite5mNanoUsd: BigInt(row["cache_write_5m_nano_usd"] ?? 0),
    cacheWrite1hNanoUsd: BigInt(row["cache_write_1h_nano_usd"] ?? 0),
    outputNanoUsd: BigInt(row["output_nano_usd"] ?? 0),
    webSearchNanoUsd: BigInt(row["web_search_nano_usd"] ?? 0),
  };
}

/** How the database would answer, for tests. */
export async function explainRollups(storage: Storage, query: RollupQuery): Promise<string> {
  const { rows } = await storage.run({ operation: "explain usage", repeatable: true }, (database) =>
    database.execute<Record<string, string>>(sql`explain ${rollupStatement(query)}`),
  );
  return rows.map((row) => row["QUERY PLAN"] ?? "").join("\n");
}

function rollupStatement(query: RollupQuery): SQL {
  const { organizationId, fromMs, toMs, groupBy, want, filters } = query;
  const columns = groupBy.map((name) => sql`s.${sql.identifier(name)}`);
  const keys = [sql`u.bucket`, ...columns];
  return sql`
    select extract(epoch from u.bucket)::bigint * 1000 as bucket_ms, ${sql.join([...columns, SUMS[want]], sql`, `)}
    from ${sourceOf(query)}
    where s.organization_id = ${organizationId}
      and u.bucket >= to_timestamp(${fromMs / 1000}::double precision) and u.bucket < to_timestamp(${toMs / 1000}::double precision)
      ${onlyWith(filters)}
    group by ${sql.join(keys, sql`, `)}
    order by ${sql.join(keys, sql`, `)}`;
}

export function onlyWith(filters: RollupQuery["filters"]): SQL {
  const conditions = DIMENSIONS.flatMap((name) => {
    const values = filters[name];
    if (!values || values.length === 0) return [];
    return [sql` and s.${sql.identifier(name)} in (select json_array_elements_text(${JSON.stringify(values)}::json))`];
  });
  return sql.join(conditions);
}

export interface ClaudeCodeActor {
  readonly apiKeyId: string;
  readonly name: string;
  readonly sessions: number;
}

/** Keys that Claude Code used on a day, by id, after one of them. */
export async function listClaudeCodeActors(
  storage: Storage,
  query: { readonly organizationId: string; readonly dayMs: number; readonly afterKeyId: string | null; readonly limit: number },
): Promise<ClaudeCodeActor[]> {
  const day = sql`to_timestamp(${query.dayMs / 1000}::double precision)`;
  const { rows } = await storage.run({ operation: "list Claude Code's keys", repeatable: true }, (database) =>
    database.execute<{ api_key_id: string; name: string | null; sessions: number }>(sql`
      select used.api_key_id, k.name, (
        select count(*) from claude_code_sessions c
        where c.organization_id = ${query.organizationId} and c.day = ${day} and c.api_key_id = used.api_key_id
      )::int as sessions
      from (
        select distinct s.api_key_id from usage_days u join usage_series s on s.id = u.series_id
        where s.organization_id = ${query.organizationId} and s.product = 'claude_code' and u.bucket = ${day}
          and s.api_key_id collate "C" > ${query.afterKeyId ?? ""}
      ) used left join api_keys k on k.id = used.api_key_id
      order by used.api_key_id collate "C" limit ${query.limit}`),
  );
  return rows.map((row) => ({ apiKeyId: row.api_key_id, name: row.name ?? row.api_key_id, sessions: row.sessions }));
}

export interface MonthSum {
  /** YYYY-MM, in UTC. */
  readonly month: string;
  readonly requests: number;
  readonly nanoUsd: bigint;
}

/** What each month of an organization came to, newest first. */
export async function sumMonths(storage: Storage, organizationId: string): Promise<readonly MonthSum[]> {
  const { rows } = await storage.run({ operation: "sum months", repeatable: true }, (database) =>
    database.execute<{ month: string; requests: string; nano_usd: string }>(sql`
      select to_char(d.bucket at time zone 'UTC', 'YYYY-MM') as month, sum(d.requests)::text as requests,
        sum(d.input_nano_usd + d.cache_read_nano_usd + d.cache_write_5m_nano_usd + d.cache_write_1h_nano_usd
          + d.output_nano_usd + d.web_search_nano_usd)::text as nano_usd
      from usage_organization_days d join usage_organization_series s on s.id = d.series_id
      where s.organization_id = ${organizationId} group by 1 order by 1 desc`),
  );
  return rows.map(({ month, requests, nano_usd: nanoUsd }) => ({ month, requests: Number(requests), nanoUsd: BigInt(nanoUsd) }));
}

/** The most input tokens, without what was read from the cache, that an organization used in one minute since a time. */
export async function highestInputMinute(storage: Storage, organizationId: string, sinceMs: number): Promise<number> {
  const { rows } = await storage.run({ operation: "highest minute of input", repeatable: true }, (database) =>
    database.execute<{ tokens: string | null }>(sql`
      select max(tokens)::text as tokens from (
        select sum(u.input_tokens + u.cache_write_5m_tokens + u.cache_write_1h_tokens) as tokens
        from usage_organization_minutes u join usage_organization_series s on s.id = u.series_id
        where s.organization_id = ${organizationId} and s.product <> 'message_batches_api'
          and u.bucket >= to_timestamp(${sinceMs / 1000}::double precision)
        group by u.bucket) minutes`),
  );
  return Number(rows[0]?.tokens ?? 0);
}
