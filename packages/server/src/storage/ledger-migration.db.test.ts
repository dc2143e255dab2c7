import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { systemClock } from "../platform/clock.ts";
import { openStorage } from "./storage.ts";
import { fillOlderDatabase } from "./testing/fill-older-database.ts";
import { sampleTurnRecord } from "./testing/sample-turn-record.ts";
import { createTestDatabase, silentLog } from "./testing/test-storage.ts";
import { recordTurns } from "./testing/record-turns.ts";

/** The last migration before the ledger was cut into months. */
const BEFORE = "0001_append_only_turn_records";

test("a ledger of an older Parley is cut into months with every row, its rollups made and its numbers going on", async () => {
  await using database = await createTestDatabase();
  await fillOlderDatabase(database, BEFORE, (client) =>
    client.query(
      `insert into turn_records (request_id, organization_id, workspace_id, api_key_id, message_id, model, weights, input_tokens,
        cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, thinking_tokens, stop_reason, outcome,
        service_tier, render_ms, queue_ms, restore_ms, prefill_ms, decode_ms, started_at)
      select 'req_old_' || n, 'org_1', 'wrkspc_' || n % 2, 'apikey_1', 'msg_' || n, 'claude-haiku-4-5-20251001', 'w', n, 0, 0, 0, 2, 0,
        'end_turn', null, 'standard', 0, 0, 0, 0, 0, timestamptz '2026-09-30T23:30:00Z' + n * interval '1 minute'
      from generate_series(1, 100) n`,
    ),
  );

  await using storage = await openStorage({ ...database, log: silentLog, clock: systemClock });
  // Known ids keep their row; new ones go on.
  await recordTurns(storage, [sampleTurnRecord("req_old_7"), sampleTurnRecord("req_new")]);
  const read = <Row extends Record<string, unknown>>(query: ReturnType<typeof sql>) =>
    storage.run({ operation: "read", repeatable: true }, async (db) => (await db.execute<Row>(query)).rows);
  expect(
    await read(
      sql`select tableoid::regclass::text as month, count(*)::int as rows, sum(input_tokens)::int as input, min(price_reference) as price
        from turn_records group by 1 order by 1`,
    ),
  ).toEqual([
    { month: "turn_records_y2026m09", rows: 29, input: 435, price: "unpriced" },
    { month: "turn_records_y2026m10", rows: 71, input: 4615, price: "unpriced" },
    { month: "turn_records_y2026m11", rows: 1, input: 12, price: "claude-haiku-4-5-20251001@2025-10-15" },
  ]);
  expect(await read(sql`select max(sequence)::int as last from turn_records`)).toEqual([{ last: 101 }]);
  for (const table of ["usage_minutes", "usage_hours", "usage_days"]) {
    expect(
      await read(
        sql`select sum(requests)::int as requests, sum(input_tokens)::int as input, sum(output_tokens)::int as output
          from ${sql.identifier(table)}`,
      ),
    ).toEqual([{ requests: 101, input: 5062, output: 234 }]);
  }
  expect(
    await read(
      sql`select workspace_id as workspace, requests::int, to_char(bucket at time zone 'UTC', 'YYYY-MM-DD HH24:MI') as day
        from usage_days join usage_series on id = series_id where organization_id = 'org_1' order by 1, 3`,
    ),
  ).toEqual([
    { workspace: "wrkspc_0", requests: 14, day: "2026-09-30 00:00" },
    { workspace: "wrkspc_0", requests: 36, day: "2026-10-01 00:00" },
    { workspace: "wrkspc_1", requests: 15, day: "2026-09-30 00:00" },
    { workspace: "wrkspc_1", requests: 35, day: "2026-10-01 00:00" },
  ]);
});
