import { sql } from "drizzle-orm";
import type { Storage } from "../storage.ts";

/** What was charged, in nano-dollars, by each place that says so; what is still held; and how many rows the ledger has. */
export interface SpendSums {
  readonly rows: number;
  readonly ledger: number;
  readonly rollups: number;
  readonly charged: number;
  readonly credits: number;
  readonly spent: number;
  readonly held: number;
  readonly holds: number;
}

export async function readSpendSums(storage: Storage): Promise<SpendSums> {
  const result = await storage.run({ operation: "read", repeatable: true }, (database) =>
    database.execute<Record<keyof SpendSums, number>>(sql`
      select (select count(*)::int from turn_records) as rows,
        (select coalesce(sum(cost_nano_usd), 0)::float8 from turn_records) as ledger,
        (select coalesce(sum(charged_nano_usd), 0)::float8 from usage_days) as rollups,
        (select coalesce(sum(charged_nano_usd), 0)::float8 from spend_accounts) as charged,
        (select coalesce(sum(amount_nano_usd - remaining_nano_usd), 0)::float8 from credit_grants) as credits,
        (select coalesce(sum(spent_nano_usd), 0)::float8 from spend_days where scope_type = 'organization') as spent,
        (select coalesce(sum(held_nano_usd), 0)::float8 from spend_scopes) as held,
        (select count(*)::int from spend_holds) as holds`),
  );
  const [sums] = result.rows;
  if (!sums) throw new Error("a query without a table has one row");
  return sums;
}
