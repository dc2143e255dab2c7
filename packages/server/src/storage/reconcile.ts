import { sql, type SQL } from "drizzle-orm";
import type { Queries, Storage } from "./storage.ts";
import { COST_COLUMNS, DIMENSIONS, TOKEN_COLUMNS } from "./usage-rollups.ts";

export const RECONCILIATION_CHECKS = [
  "minutes",
  "hours",
  "days",
  "organizations",
  "credits",
  "charges",
  "spend",
  "holds",
] as const;
export type ReconciliationCheck = (typeof RECONCILIATION_CHECKS)[number];

const SERIES = ["organization_id", ...DIMENSIONS];
/** Requests are no column of the ledger's: they are its rows. */
const MEASURES = [...TOKEN_COLUMNS, ...COST_COLUMNS].filter((name) => name !== "requests");

/** Rows of a workspace that one statement adds up well within its time, also where models compute on the same cores: 7 s for 100,000. */
const ROWS_AT_ONCE = 50_000;
const DAY_MS = 86_400_000;

/** Whole days of one workspace, small enough for one statement. */
interface Slice {
  readonly workspaceId: string;
  readonly fromMs: number;
  /** Null: to the end. */
  readonly toMs: number | null;
}

/**
 * What is compared at a time: a workspace, or a day of it where it has many rows, for the server ends statements that take
 * long. The sums tell how many there are; if they are wrong a slice is larger or smaller, and finds it.
 */
async function sliceUp(queries: Pick<Queries, "execute">, sinceMs: number): Promise<Slice[]> {
  const since = sql`to_timestamp(${sinceMs / 1000}::double precision)`;
  // Each step of the recursion looks up one entry of the index: a scan would read the whole ledger.
  const { rows } = await queries.execute<{ workspace_id: string; rows: string; last_ms: string }>(sql`
    with recursive recorded as (
      select min(workspace_id) as workspace_id from turn_records where started_at >= ${since}
      union all
      select (select min(t.workspace_id) from turn_records t where t.workspace_id > r.workspace_id and t.started_at >= ${since})
      from recorded r where r.workspace_id is not null
    ), summed as (
      select s.workspace_id, sum(u.requests) as requests, max(u.bucket) as last
      from usage_days u join usage_series s on s.id = u.series_id where u.bucket >= ${since} group by 1
    )
    select workspace_id, coalesce(requests, 0)::text as rows, coalesce(extract(epoch from last) * 1000, 0)::bigint as last_ms
    from (select workspace_id from recorded where workspace_id is not null union select workspace_id from summed) w
    left join summed using (workspace_id) order by workspace_id`);
  return rows.flatMap((row): Slice[] => {
    const { workspace_id: workspaceId } = row;
    const lastMs = Number(row.last_ms);
    if (Number(row.rows) <= ROWS_AT_ONCE) return [{ workspaceId, fromMs: sinceMs, toMs: null }];
    const days = Math.floor((lastMs - sinceMs) / DAY_MS);
    const slices = Array.from({ length: days }, (_, day) => ({
      workspaceId,
      fromMs: sinceMs + day * DAY_MS,
      toMs: sinceMs + (day + 1) * DAY_MS,
    }));
    return [...slices, { workspaceId, fromMs: sinceMs + days * DAY_MS, toMs: null }];
  });
}

/** Buckets of the sums that are not what the ledger's rows add up to, within a slice. */
function rollupsAgainstLedger({ workspaceId, fromMs, toMs }: Slice): SQL {
  const within = (column: string): SQL => {
    const name = sql.raw(column);
    const from = sql`${name} >= to_timestamp(${fromMs / 1000}::double precision)`;
    return toMs === null ? from : sql`${from} and ${name} < to_timestamp(${toMs / 1000}::double precision)`;
  };
  const same = sql.raw(SERIES.map((name) => `s.${name} = r.${name}`).join(" and "));
  const sumsOf = (table: string) => sql.raw(MEASURES.map((name) => `sum(${table}.${name})::bigint as ${name}`).join(", "));
  const columns = sql.raw(MEASURES.join(", "));
  const differing = (unit: "minute" | "hour" | "day"): SQL => {
    const recorded = sql`
      select series_id, date_trunc(${unit}, minute, 'UTC'), sum(requests)::bigint, ${sumsOf("e")}, sum(charged_nano_usd)::bigint
      from expected e group by 1, 2`;
    const summed = sql`
      select series_id, bucket, requests, ${columns}, charged_nano_usd from ${sql.identifier(`usage_${unit}s`)}
      where series_id in (select id from series) and ${within("bucket")}`;
    return sql`(select count(*) from ((${recorded} except all ${summed}) union all (${summed} except all ${recorded})) differing)`;
  };
  return sql`
    with series as materialized (select * from usage_series where workspace_id = ${workspaceId}),
    expected as materialized (
      select s.id as series_id, date_trunc('minute', r.started_at, 'UTC') as minute, count(*) as requests, ${sumsOf("r")},
        coalesce(sum(r.cost_nano_usd) filter (where r.is_charged), 0)::bigint as charged_nano_usd
      from turn_records r left join series s on ${same}
      where r.workspace_id = ${workspaceId} and ${within("r.started_at")} group by 1, 2)
    select ${differing("minute")} as minutes, ${differing("hour")} as hours, ${differing("day")} as days`;
}

/** Days of an organization's own sums, by minute, hour and day, that are not what the days of its parts add up to. */
function organizationsAgainstParts(since: SQL): SQL {
  const columns = ["requests", ...MEASURES, "charged_nano_usd"];
  const dimensions = sql.raw(
    ["organization_id", ...DIMENSIONS.filter((name) => !/^(workspace|api_key)_id$/.test(name))].join(", "),
  );
  const sums = sql.raw(columns.map((name) => `sum(u.${name})::bigint`).join(", "));
  const days = (table: string, series: string): SQL => sql`
    select ${dimensions}, date_trunc('day', u.bucket, 'UTC') as day, ${sums}
    from ${sql.identifier(table)} u join ${sql.identifier(series)} s on s.id = u.series_id
    where u.bucket >= ${since} group by ${dimensions}, day`;
  const differing = (unit: "minute" | "hour" | "day"): SQL => {
    const whole = days(`usage_organization_${unit}s`, "usage_organization_series");
    return sql`(select count(*) from ((${whole} except all select * from parts) union all (select * from parts except all ${whole})) d)`;
  };
  return sql`
    with parts as materialized (${days("usage_days", "usage_series")})
    select ${differing("minute")} + ${differing("hour")} + ${differing("day")} as count`;
}

/**
 * Compares the ledger's rows since a time (a day's or a month's beginning in UTC), the sums, the accounts and the credits, all
 * as of one moment. The number of things that differ, by what was compared.
 */
export async function countDifferences(storage: Storage, sinceMs: number): Promise<Record<ReconciliationCheck, number>> {
  const since = sql`to_timestamp(${sinceMs / 1000}::double precision)`;
  const checks: Record<Exclude<ReconciliationCheck, "minutes" | "hours" | "days">, SQL> = {
    organizations: organizationsAgainstParts(since),
    // What was charged is what credits paid, and the debt.
    credits: sql`
      select count(*) from spend_accounts a where a.charged_nano_usd - a.debt_nano_usd <> coalesce((
        select sum(g.amount_nano_usd - g.remaining_nano_usd) from credit_grants g where g.organization_id = a.organization_id), 0)`,
    charges: sql`
      select count(*) from (
        select s.organization_id, sum(u.charged_nano_usd) as charged from usage_days u join usage_series s on s.id = u.series_id group by 1
      ) u full join spend_accounts a on a.organization_id = u.organization_id
      where coalesce(u.charged, 0) <> coalesce(a.charged_nano_usd, 0)`,
    spend: sql`
      select count(*) from (
        select s.organization_id, u.bucket, sum(u.charged_nano_usd) as charged from usage_days u join usage_series s on s.id = u.series_id
        where u.bucket >= ${since} group by 1, 2
      ) u full join (
        select d.organization_id, d.day, d.spent_nano_usd from spend_days d where d.scope_type = 'organization' and d.day >= ${since}
      ) d on d.organization_id = u.organization_id and d.day = u.bucket
      where coalesce(u.charged, 0) <> coalesce(d.spent_nano_usd, 0)`,
    holds: sql`
      select count(*) from (
        select h.organization_id, sum(h.amount_nano_usd) as held from spend_holds h group by 1
      ) h full join (
        select s.organization_id, s.held_nano_usd from spend_scopes s where s.scope_type = 'organization'
      ) s on s.organization_id = h.organization_id
      where coalesce(h.held, 0) <> coalesce(s.held_nano_usd, 0)`,
  };
  return storage.run({ operation: "reconcile", repeatable: true }, (database) =>
    database.transaction(
      async (transaction) => {
        const differences = { minutes: 0, hours: 0, days: 0, organizations: 0, credits: 0, charges: 0, spend: 0, holds: 0 };
        for (const check of ["organizations", "credits", "charges", "spend", "holds"] as const) {
          const { rows } = await transaction.execute<{ count: string }>(checks[check]);
          differences[check] = Number(rows[0]?.count ?? 0);
        }
        for (const slice of await sliceUp(transaction, sinceMs)) {
          const { rows } = await transaction.execute<Record<string, string>>(rollupsAgainstLedger(slice));
          for (const unit of ["minutes", "hours", "days"] as const) differences[unit] += Number(rows[0]?.[unit] ?? 0);
        }
        return differences;
      },
      { isolationLevel: "repeatable read", accessMode: "read only" },
    ),
  );
}
