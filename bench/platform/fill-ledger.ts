import { sql, type SQL } from "drizzle-orm";
import { hashSecret } from "../../packages/server/src/auth/hash-secret.ts";
import { generateKeySecret } from "../../packages/server/src/auth/key-secret.ts";
import type { LentDatabase } from "../../packages/server/src/storage/storage.ts";
import type { Platform } from "../../packages/server/test/support/start-platform.ts";
import { sumOrganizations, SUMS } from "../support/sum-organizations.ts";

const MODELS = ["claude-opus-4-6", "claude-sonnet-4-6", "claude-haiku-4-5-20251001"];
const WORKSPACES = 10;
/** Of the keys, so many have used models; each is used with every model. */
const BUSY_KEYS = 100;
/** This month and the last one, which the nightly comparison reads, have begun before that on every day but the first ones. */
export const FILLED_DAYS = 50;
const KEYS_AT_ONCE = 10_000;
const DAY_SECONDS = 86_400;

/** The beginning of today, at which the filled days end. */
export const filledUntil = (): number => Math.floor(Date.now() / (DAY_SECONDS * 1_000)) * DAY_SECONDS;

/**
 * Further keys of the platform's organization; returns their secrets. What they did comes from `fillLedger`, which gives the turns
 * to keys of its own names.
 */
export async function fillKeys(
  { storage, keys: { hmacKey }, organizationId, workspaceId }: Platform,
  count: number,
): Promise<string[]> {
  const secrets = Array.from({ length: count }, () => generateKeySecret("api"));
  for (let done = 0; done < count; done += KEYS_AT_ONCE) {
    const hashes = secrets.slice(done, done + KEYS_AT_ONCE).map((secret) => hashSecret(hmacKey, secret));
    await storage.run({ operation: "fill keys", repeatable: false }, (database) =>
      database.execute(sql`
        insert into api_keys (id, organization_id, workspace_id, name, secret_hmac, partial_hint, status, created_at)
        select 'apikey_fill_' || ${done}::integer + place, ${organizationId}, ${workspaceId}, 'fill', hash, 'fill', 'active', now()
        from json_array_elements_text(${JSON.stringify(hashes)}::json) with ordinality as given(hash, place)`),
    );
  }
  return secrets;
}

/**
 * So many turns on the ledger as if `record_turns` had written them: rows in the partitions of their months, the ids, the sums a
 * minute, an hour and a day, and what was charged for them, which the comparison of all these finds to agree.
 */
export async function fillLedger({ storage, organizationId }: Platform, rows: number): Promise<void> {
  await storage.run({ operation: "fill the ledger", repeatable: false }, async (database) => {
    const run = (statement: SQL) => database.execute(statement);
    await run(sql`set statement_timeout = 0`);
    // Only of this connection and while it fills: what a crash would lose is filled again.
    await run(sql`set synchronous_commit = off`);
    await run(sql`set work_mem = '256MB'`);
    await run(sql`
      insert into usage_series (organization_id, workspace_id, api_key_id, model, service_tier, inference_geo, context_window, product)
      select ${organizationId}, 'wrkspc_' || key % ${WORKSPACES}::integer, 'apikey_' || key, model, 'standard', 'global', '0-200k',
        case when key % 5 = 0 then 'claude_code' else 'messages_api' end
      from generate_series(1, ${BUSY_KEYS}::integer) key, json_array_elements_text(${JSON.stringify(MODELS)}::json) model`);
    const until = filledUntil();
    for (let day = FILLED_DAYS; day > 0; day -= 1) {
      const share =
        Math.round((rows * (FILLED_DAYS - day + 1)) / FILLED_DAYS) - Math.round((rows * (FILLED_DAYS - day)) / FILLED_DAYS);
      await fillDay(database, until - day * DAY_SECONDS, share);
    }
    await sumOrganizations(database);
    await run(sql`
      insert into spend_days
      select s.organization_id, scope.type, scope.id, u.bucket, sum(u.charged_nano_usd)
      from usage_days u join usage_series s on s.id = u.series_id
      cross join lateral (values ('organization', s.organization_id), ('workspace', s.workspace_id), ('api_key', s.api_key_id)) scope(type, id)
      group by 1, 2, 3, 4`);
    // The first credit pays the debt.
    await run(sql`
      insert into spend_accounts
      select organization_id, sum(spent_nano_usd), sum(spent_nano_usd) from spend_days where scope_type = 'organization' group by 1`);
    for (const table of [
      "turn_records",
      "turn_requests",
      "usage_minutes",
      "usage_hours",
      "usage_days",
      "usage_series",
      "usage_organization_minutes",
      "usage_organization_hours",
      "usage_organization_days",
      "usage_organization_series",
      "api_keys",
    ]) {
      await run(sql`vacuum (analyze) ${sql.identifier(table)}`);
    }
    for (const setting of ["statement_timeout", "synchronous_commit", "work_mem"])
      await run(sql`reset ${sql.identifier(setting)}`);
  });
}

async function fillDay(database: LentDatabase, fromSeconds: number, rows: number): Promise<void> {
  const from = sql`to_timestamp(${fromSeconds}::double precision)`;
  await database.execute(sql`select ensure_turn_partition(date_trunc('month', ${from} at time zone 'UTC'))`);
  // Ids begin with their time, as those of `newId` do, and turns come in the order of their times.
  await database.execute(sql`
    with series as materialized (select s.*, row_number() over (order by id) as place, count(*) over () as of_all from usage_series s),
    drawn as materialized (
      select n, date_trunc('milliseconds', ${from} + random() * interval '86399 seconds') as started_at,
        1 + floor(random() * (select max(of_all) from series))::bigint as place
      from generate_series(1, ${rows}::integer) n
    ), made as materialized (
      select 'req_01' || lpad(to_hex((extract(epoch from started_at) * 1000)::bigint), 12, '0')
          || substr(md5(n || ':' || ${fromSeconds}::text), 1, 10) as request_id, started_at, place
      from drawn order by started_at
    ), ids as (insert into turn_requests select request_id, started_at from made order by request_id),
    recorded as (
      insert into turn_records (request_id, organization_id, workspace_id, api_key_id, message_id, model, weights, input_tokens,
        cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, thinking_tokens, stop_reason, service_tier,
        render_ms, queue_ms, restore_ms, prefill_ms, decode_ms, started_at, inference_geo, context_window, product, web_searches,
        price_reference, cost_nano_usd, input_nano_usd, cache_read_nano_usd, cache_write_5m_nano_usd, cache_write_1h_nano_usd,
        output_nano_usd, web_search_nano_usd, is_charged)
      select request_id, organization_id, workspace_id, api_key_id, replace(request_id, 'req_', 'msg_'), model, 'weights', 1000,
        5000, 100, 0, 300, 0, 'end_turn', service_tier,
        1, 0, 5, 120, 900, started_at, inference_geo, context_window, product, 0,
        'price', 9375000, 3000000, 1500000, 375000, 0,
        4500000, 0, true
      from made join series using (place) order by started_at
    )
    insert into usage_minutes
    select s.id, date_trunc('minute', started_at, 'UTC'), count(*), count(*) * 1000, count(*) * 5000, count(*) * 100, 0,
      count(*) * 300, 0, count(*) * 3000000, count(*) * 1500000, count(*) * 375000, 0, count(*) * 4500000, 0, count(*) * 9375000
    from made join series s using (place) group by 1, 2 order by 1, 2`);
  for (const [unit, finer] of [
    ["hour", "minute"],
    ["day", "hour"],
  ] as const) {
    await database.execute(sql`
      insert into ${sql.identifier(`usage_${unit}s`)}
      select series_id, date_trunc(${unit}::text, bucket, 'UTC'), ${SUMS} from ${sql.identifier(`usage_${finer}s`)}
      where bucket >= ${from} and bucket < ${from} + interval '1 day' group by 1, 2 order by 1, 2`);
  }
}
