import { sql, type SQL } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../platform/clock.ts";
import { openStorage, type Storage } from "./storage.ts";
import { sampleTurnRecord } from "./testing/sample-turn-record.ts";
import { createTestDatabase, silentLog, type TestDatabase } from "./testing/test-storage.ts";
import { recordTurns } from "./testing/record-turns.ts";
import { ensureLedgerPartitions, type TurnRecordRow } from "./turn-records.ts";

let database: TestDatabase;
let storage: Storage;
/** Another process's view of the same database. */
let other: Storage;
beforeAll(async () => {
  database = await createTestDatabase();
  storage = await openStorage({ ...database, log: silentLog, clock: systemClock });
  other = await openStorage({ ...database, log: silentLog, clock: systemClock });
});
afterAll(async () => {
  await other.close();
  await storage.close();
  await database[Symbol.asyncDispose]();
});

function read<Row extends Record<string, unknown>>(query: SQL) {
  return storage.run({ operation: "read", repeatable: true }, async (db) => (await db.execute<Row>(query)).rows);
}

test("a row goes to its month's partition, made when it is missing, and the next months' are there ahead", async () => {
  await ensureLedgerPartitions(storage);
  await recordTurns(storage, [
    { ...sampleTurnRecord("req_month_1"), started_at: "2031-01-31T23:59:59.999Z" },
    { ...sampleTurnRecord("req_month_2"), started_at: "2031-02-01T00:00:00.000Z" },
  ]);
  expect(
    await read(
      sql`select request_id as request, tableoid::regclass::text as partition from turn_records
        where started_at > '2031-01-01' order by 1`,
    ),
  ).toEqual([
    { request: "req_month_1", partition: "turn_records_y2031m01" },
    { request: "req_month_2", partition: "turn_records_y2031m02" },
  ]);
  const [ahead] = await read<{ months: number }>(
    sql`select count(*)::int as months from generate_series(0, 3) n
      where to_regclass(to_char(now() at time zone 'UTC' + n * interval '1 month', '"turn_records_y"YYYY"m"MM')) is not null`,
  );
  expect(ahead?.months).toBe(4);
});

test("a request id is unique over all months: the second row is dropped, and its sums with it", async () => {
  const row = { ...sampleTurnRecord("req_once"), organization_id: "org_once" };
  await recordTurns(storage, [row, { ...row, started_at: "2026-10-05T00:00:00.000Z" }]);
  await recordTurns(other, [{ ...row, started_at: "2026-12-24T00:00:00.000Z" }]);
  expect(await read(sql`select started_at::text as at from turn_records where request_id = 'req_once'`)).toHaveLength(1);
  expect(
    await read(
      sql`select sum(requests)::int as requests from usage_days join usage_series on id = series_id where organization_id = 'org_once'`,
    ),
  ).toEqual([{ requests: 1 }]);
});

test("a partition refuses update, delete and truncate by its own name, too", async () => {
  await recordTurns(storage, [sampleTurnRecord("req_partition")]);
  for (const statement of [
    sql`update turn_records_y2026m11 set output_tokens = 0`,
    sql`delete from turn_records_y2026m11`,
    sql`truncate turn_records_y2026m11`,
    sql`update turn_records_y2031m02 set output_tokens = 0`,
  ]) {
    await expect(storage.run({ operation: "tamper", repeatable: false }, (db) => db.execute(statement))).rejects.toMatchObject({
      internal: expect.stringContaining("turn_records is append-only") as string,
    });
  }
});

test("a row whose cost is not the sum of its parts is refused", async () => {
  await expect(recordTurns(storage, [{ ...sampleTurnRecord("req_wrong_sum"), cost_nano_usd: "511801" }])).rejects.toMatchObject({
    internal: expect.stringContaining("turn_records_cost") as string,
  });
});

const MEASURES = [
  "input_tokens",
  "cache_read_tokens",
  "cache_write_5m_tokens",
  "cache_write_1h_tokens",
  "output_tokens",
  "web_searches",
  "input_nano_usd",
  "cache_read_nano_usd",
  "cache_write_5m_nano_usd",
  "cache_write_1h_nano_usd",
  "output_nano_usd",
  "web_search_nano_usd",
];

test("two processes that record overlapping batches at once: every sum of every rollup is the ledger's", async () => {
  const organization = "org_race";
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  const rows: TurnRecordRow[] = Array.from({ length: 900 }, (_, index) => ({
    ...sampleTurnRecord(`req_race_${index}`),
    organization_id: organization,
    workspace_id: `wrkspc_${random(2)}`,
    api_key_id: `apikey_${random(4)}`,
    model: `model_${random(2)}`,
    service_tier: (["standard", "priority", "batch"] as const)[random(3)] ?? "standard",
    input_tokens: random(10_000),
    output_tokens: random(1_000),
    is_charged: random(2) === 0,
    started_at: new Date(Date.UTC(2026, 10, 30, 23, 50) + random(1_200_000)).toISOString(),
  }));
  /** Batches in a random order, half of the rows in two of them. */
  const batches = (): TurnRecordRow[][] =>
    Array.from({ length: 30 }, (_, index) =>
      [...rows.slice(index * 30, index * 30 + 30), ...rows.slice((index * 450) % 870, ((index * 450) % 870) + 15)].toSorted(
        () => random(3) - 1,
      ),
    );
  await Promise.all([
    ...batches().map((batch) => recordTurns(storage, batch)),
    ...batches().map((batch) => recordTurns(other, batch)),
  ]);

  const sums = sql.raw(MEASURES.map((name) => `sum(${name})::text as ${name}`).join(", "));
  const [ledger] = await read(
    sql`select count(*)::text as requests, ${sums} from turn_records where organization_id = ${organization}`,
  );
  expect(ledger?.["requests"]).toBe("900");
  const kinds = [
    { name: "usage", dimensions: "workspace_id, api_key_id, model, service_tier" },
    { name: "usage_organization", dimensions: "organization_id, inference_geo, model, service_tier" },
  ].flatMap((kind) => ["minute", "hour", "day"].map((unit) => ({ ...kind, unit })));
  for (const { name: kind, unit, dimensions: columns } of kinds) {
    const dimensions = sql.raw(columns);
    const [table, series] = [sql.identifier(`${kind}_${unit}s`), sql.identifier(`${kind}_series`)];
    const expected =
      await read(sql`select ${dimensions}, date_trunc(${unit}, started_at, 'UTC') as bucket, count(*)::text as requests, ${sums},
      coalesce(sum(cost_nano_usd) filter (where is_charged), 0)::text as charged_nano_usd
      from turn_records where organization_id = ${organization} group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5`);
    const found =
      await read(sql`select ${dimensions}, bucket, requests::text, ${sql.raw(MEASURES.map((name) => `${name}::text`).join(", "))},
      charged_nano_usd::text
      from ${table} join ${series} on id = series_id where organization_id = ${organization} order by 1, 2, 3, 4, 5`);
    expect(found.length).toBeGreaterThan(5);
    expect(found).toEqual(expected);
  }
});
