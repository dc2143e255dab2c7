import { sql, type SQL } from "drizzle-orm";
import type { Storage } from "./storage.ts";
import { COST_COLUMNS, DIMENSIONS, TOKEN_COLUMNS } from "./usage-rollups.ts";

export const RECONCILIATION_CHECKS = ["minutes", "hours", "days", "credits", "charges", "spend", "holds"] as const;
export type ReconciliationCheck = (typeof RECONCILIATION_CHECKS)[number];

const SERIES = ["organization_id", ...DIMENSIONS];
/** Requests are no column of the ledger's: they are its rows. */
const MEASURES = [...TOKEN_COLUMNS, ...COST_COLUMNS].filter((name) => name !== "requests");

/** Buckets of the sums that are not what the ledger's rows since a time add up to. */
function rollupsAgainstLedger(unit: "minute" | "hour" | "day", sinceMs: number): SQL {
  const since = sql`to_timestamp(${sinceMs / 1000}::double precision)`;
  const same = sql.raw(SERIES.map((name) => `s.${name} = r.${name}`).join(" and "));
  const sums = sql.raw(MEASURES.map((name) => `sum(r.${name})::bigint`).join(", "));
  const columns = sql.raw(MEASURES.join(", "));
  return sql`
    select count(*) from (
      (select s.id, date_trunc(${unit}, r.started_at, 'UTC') as bucket, count(*), ${sums},
        coalesce(sum(r.cost_nano_usd) filter (where r.is_charged), 0)::bigint
      from turn_records r join usage_series s on ${same} where r.started_at >= ${since} group by 1, 2)
      except all
      (select series_id, bucket, requests, ${columns}, charged_nano_usd from ${sql.identifier(`usage_${unit}s`)} where bucket >= ${since})
      union all (
        (select series_id, bucket, requests, ${columns}, charged_nano_usd from ${sql.identifier(`usage_${unit}s`)} where bucket >= ${since})
        except all
        (select s.id, date_trunc(${unit}, r.started_at, 'UTC'), count(*), ${sums},
          coalesce(sum(r.cost_nano_usd) filter (where r.is_charged), 0)::bigint
        from turn_records r join usage_series s on ${same} where r.started_at >= ${since} group by 1, 2))
    ) differing`;
}

/**
 * Compares the ledger's rows since a time (a day's or a month's beginning in UTC), the sums, the accounts and the credits, all
 * as of one moment. The number of things that differ, by what was compared.
 */
export async function countDifferences(storage: Storage, sinceMs: number): Promise<Record<ReconciliationCheck, number>> {
  const since = sql`to_timestamp(${sinceMs / 1000}::double precision)`;
  const checks: Record<ReconciliationCheck, SQL> = {
    minutes: rollupsAgainstLedger("minute", sinceMs),
    hours: rollupsAgainstLedger("hour", sinceMs),
    days: rollupsAgainstLedger("day", sinceMs),
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
        const differences = { minutes: 0, hours: 0, days: 0, credits: 0, charges: 0, spend: 0, holds: 0 };
        for (const check of RECONCILIATION_CHECKS) {
          const { rows } = await transaction.execute<{ count: string }>(checks[check]);
          differences[check] = Number(rows[0]?.count ?? 0);
        }
        return differences;
      },
      { isolationLevel: "repeatable read", accessMode: "read only" },
    ),
  );
}
