/**
 * How long reports take when ten million turns are in the sums: a year, 100 keys in 10 workspaces, 3 models. The sums are made by the database itself; the ledger stays empty, for reports never read it.
 *
 * node --conditions=source bench/reports/run.ts [turns]
 */
import { sql, type SQL } from "drizzle-orm";
import { type Platform, startPlatform } from "../../packages/server/test/support/start-platform.ts";
import { median, quantile } from "../support/statistics.ts";

const TURNS = Number(process.argv[2] ?? 10_000_000);
const KEYS = 100;
const MODELS = ["claude-opus-4-6", "claude-sonnet-4-6", "claude-haiku-4-5-20251001"];
const DAYS = 365;
const ROUNDS = 30;
const STRETCH_DAYS = 5;
const STRETCH_SERIES = 10;
const MS_PER_DAY = 86_400_000;
const END_MS = Date.UTC(2026, 10, 21);

await using platform = await startPlatform();
const startedMs = performance.now();
await fill(platform);
const rows = await platform.storage.run({ operation: "count", repeatable: true }, async (database) => {
  const { rows: counted } = await database.execute<Record<string, string>>(
    sql`select (select count(*) from usage_minutes) as minutes, (select count(*) from usage_hours) as hours,
      (select count(*) from usage_days) as days, (select sum(requests) from usage_days) as turns`,
  );
  return counted[0];
});
process.stdout.write(`${JSON.stringify(rows)}, made in ${((performance.now() - startedMs) / 1000).toFixed(0)} s\n`);

const at = (days: number): string => new Date(END_MS - days * MS_PER_DAY).toISOString();
const GROUPS = "&group_by[]=model&group_by[]=workspace_id";
await measure("usage, 31 days, no groups", `usage_report/messages?starting_at=${at(31)}&ending_at=${at(0)}&limit=31`);
await measure(
  "usage, 31 days, by model and workspace",
  `usage_report/messages?starting_at=${at(31)}&ending_at=${at(0)}&limit=31${GROUPS}`,
);
await measure(
  "usage, 31 days, by key",
  `usage_report/messages?starting_at=${at(31)}&ending_at=${at(0)}&limit=31&group_by[]=api_key_id`,
);
await measure(
  "usage, 24 hours, by model",
  `usage_report/messages?bucket_width=1h&starting_at=${at(1)}&ending_at=${at(0)}&group_by[]=model`,
);
await measure(
  "usage, 168 hours, no groups",
  `usage_report/messages?bucket_width=1h&starting_at=${at(7)}&ending_at=${at(0)}&limit=168`,
);
await measure(
  "usage, 1,440 minutes, no groups",
  `usage_report/messages?bucket_width=1m&starting_at=${at(1)}&ending_at=${at(0)}&limit=1440`,
);
await measure(
  "usage, 168 hours, one key",
  `usage_report/messages?bucket_width=1h&starting_at=${at(7)}&ending_at=${at(0)}&limit=168&api_key_ids[]=apikey_7`,
);
await measure(
  "cost, 31 days, by workspace and description",
  `cost_report?starting_at=${at(31)}&ending_at=${at(0)}&limit=31&group_by[]=workspace_id&group_by[]=description`,
);
await measure("Claude Code, a day", `usage_report/claude_code?starting_at=${at(1).slice(0, 10)}`);

async function measure(name: string, path: string): Promise<void> {
  const headers = { "x-api-key": platform.adminKey, "anthropic-version": "2023-06-01" };
  const times: number[] = [];
  let bytes = 0;
  for (let round = 0; round < ROUNDS + 3; round += 1) {
    const begunMs = performance.now();
    const response = await fetch(`${platform.url}/v1/organizations/${path}`, { headers });
    bytes = (await response.text()).length;
    if (!response.ok) throw new Error(`${name}: ${response.status}`);
    // The first ones warm connections and plans.
    if (round >= 3) times.push(performance.now() - begunMs);
  }
  process.stdout.write(
    `${name}: median ${median(times).toFixed(1)} ms, 95 % ${quantile(times, 0.95).toFixed(1)} ms, ${(bytes / 1024).toFixed(0)} KiB\n`,
  );
}

async function fill({ storage, organizationId }: Platform): Promise<void> {
  const run = (statement: SQL) =>
    storage.run({ operation: "fill", repeatable: false }, (database) => database.execute(statement));
  await run(sql`
    insert into usage_series (organization_id, workspace_id, api_key_id, model, service_tier, inference_geo, context_window, product)
    select ${organizationId}, 'wrkspc_' || key % 10, 'apikey_' || key, model, 'standard', 'global', '0-200k',
      case when key % 5 = 0 then 'claude_code' else 'messages_api' end
    from generate_series(1, ${KEYS}::integer) key, json_array_elements_text(${JSON.stringify(MODELS)}::json) model`);
  // Every turn at a random second of its stretch; small stretches keep each statement within the server's time limit.
  for (let day = DAYS; day > 0; day -= STRETCH_DAYS) {
    const from = sql`to_timestamp(${(END_MS - day * MS_PER_DAY) / 1000}::double precision)`;
    const length = Math.min(day, STRETCH_DAYS);
    await run(sql`
      insert into usage_minutes
      select 1 + floor(random() * ${KEYS * MODELS.length})::bigint as series, date_trunc('minute', ${from} + random() * ${length} * interval '1 day', 'UTC') as bucket,
        1, 1000, 5000, 100, 0, 300, 0, 3000000, 1500000, 375000, 0, 4500000, 0, 0
      from generate_series(1, ${Math.round((TURNS * length) / DAYS)}::integer) turn
      on conflict (series_id, bucket) do nothing`);
  }
  for (let series = 1; series <= KEYS * MODELS.length; series += STRETCH_SERIES) {
    for (const [unit, finer] of [
      ["hour", "usage_minutes"],
      ["day", "usage_hours"],
    ] as const) {
      await run(sql`
        insert into ${sql.identifier(`usage_${unit}s`)}
        select series_id, date_trunc(${unit}, bucket, 'UTC'), sum(requests), sum(input_tokens), sum(cache_read_tokens),
          sum(cache_write_5m_tokens), 0, sum(output_tokens), 0, sum(input_nano_usd), sum(cache_read_nano_usd),
          sum(cache_write_5m_nano_usd), 0, sum(output_nano_usd), 0, 0
        from ${sql.identifier(finer)}
        where series_id >= ${series} and series_id < ${series + STRETCH_SERIES} group by 1, 2`);
    }
  }
  for (const table of ["usage_minutes", "usage_hours", "usage_days", "usage_series"]) {
    await run(sql`vacuum (analyze) ${sql.identifier(table)}`);
  }
}
