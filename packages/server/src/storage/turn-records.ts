import { count, sql } from "drizzle-orm";
import { turnRecords } from "./schema.ts";
import type { Storage } from "./storage.ts";

/** A row of the ledger as it is stored; the ledger makes it from a turn. */
export interface TurnRecordRow {
  readonly request_id: string;
  readonly organization_id: string;
  readonly workspace_id: string;
  readonly api_key_id: string;
  readonly message_id: string;
  readonly model: string;
  readonly weights: string;
  readonly input_tokens: number;
  readonly cache_read_tokens: number;
  readonly cache_write_5m_tokens: number;
  readonly cache_write_1h_tokens: number;
  readonly output_tokens: number;
  readonly thinking_tokens: number;
  readonly stop_reason: string | null;
  readonly outcome: string | null;
  readonly service_tier: "standard" | "priority" | "batch";
  readonly render_ms: number;
  readonly queue_ms: number;
  readonly restore_ms: number;
  readonly prefill_ms: number;
  readonly decode_ms: number;
  /** RFC 3339. */
  readonly started_at: string;
}

const COLUMNS = sql.raw(
  "request_id, organization_id, workspace_id, api_key_id, message_id, model, weights, input_tokens, cache_read_tokens, " +
    "cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, thinking_tokens, stop_reason, outcome, service_tier, " +
    "render_ms, queue_ms, restore_ms, prefill_ms, decode_ms, started_at",
);

/**
 * Appends rows in one statement; a request id that is there already keeps its first row. Committed to disk when it
 * resolves, also on a server whose default is an asynchronous commit.
 */
export async function insertTurnRecords(
  storage: Storage,
  rows: readonly TurnRecordRow[],
  options: { readonly outageBudgetMs?: number } = {},
): Promise<void> {
  // One JSON parameter: the statement's text stays the same for any number of rows, and no parameter limit applies.
  await storage.run({ operation: "insert turn records", repeatable: true, ...options }, (database) =>
    database.execute(sql`
      with durable as materialized (
        select case when current_setting('synchronous_commit') = 'off'
          then set_config('synchronous_commit', 'on', true) else 'as set' end as mode
      )
      insert into turn_records (${COLUMNS})
      select ${COLUMNS} from json_populate_recordset(null::turn_records, ${JSON.stringify(rows)}::json), durable
      where durable.mode is not null
      on conflict (request_id) do nothing`),
  );
}

/** Which of these requests are on the ledger. */
export async function findTurnRecords(storage: Storage, requestIds: readonly string[]): Promise<Set<string>> {
  const result = await storage.run({ operation: "find turn records", repeatable: true }, (database) =>
    database.execute<{ request_id: string }>(
      sql`select request_id from turn_records where request_id in (select json_array_elements_text(${JSON.stringify(requestIds)}::json))`,
    ),
  );
  return new Set(result.rows.map((row) => row.request_id));
}

export async function countTurnRecords(storage: Storage): Promise<number> {
  const rows = await storage.run({ operation: "count turn records", repeatable: true }, (database) =>
    database.select({ rows: count() }).from(turnRecords),
  );
  return rows[0]?.rows ?? 0;
}
