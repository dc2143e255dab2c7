import { count, sql } from "drizzle-orm";
import { turnRecords } from "./schema.ts";
import type { Storage } from "./storage.ts";

/** A month without its partition gets one with its first row, too; ahead is only calmer. */
const PARTITIONS_AHEAD_MONTHS = 3;

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
  readonly inference_geo: string;
  readonly context_window: "0-200k" | "200k-1M";
  readonly product: "messages_api" | "message_batches_api" | "claude_code";
  readonly session_id: string | null;
  readonly web_searches: number;
  readonly price_reference: string;
  /** Whole nano-dollars as text, which JSON's numbers could not hold exactly; the sum of the parts. */
  readonly cost_nano_usd: string;
  readonly input_nano_usd: string;
  readonly cache_read_nano_usd: string;
  readonly cache_write_5m_nano_usd: string;
  readonly cache_write_1h_nano_usd: string;
  readonly output_nano_usd: string;
  readonly web_search_nano_usd: string;
  readonly is_charged: boolean;
  readonly user_id: string | null;
  readonly auth_ms: number | null;
  readonly read_ms: number | null;
  readonly limits_ms: number | null;
  readonly cache_miss_reason: string | null;
  readonly missed_input_tokens: number | null;
  /** What was held for the turn under other ids than its own, and ends with its row; no column. */
  readonly hold_ids: readonly string[];
}

/** A row as JSON, which is what the database and the spool take: all that is kept of it while it waits for them. */
export interface EncodedTurnRecord {
  readonly requestId: string;
  readonly json: string;
}

export function encodeTurnRecord(row: TurnRecordRow): EncodedTurnRecord {
  return { requestId: row.request_id, json: JSON.stringify(row) };
}

/**
 * Appends rows, adds them to the rollups, charges them and ends their holds, in one transaction; a request id that is there already keeps its first row and
 * counts once. Committed to disk when it resolves, also on a server whose default is an asynchronous commit.
 */
export async function insertTurnRecords(
  storage: Storage,
  rows: readonly EncodedTurnRecord[],
  options: { readonly outageBudgetMs?: number } = {},
): Promise<void> {
  // One JSON parameter: the statement's text stays the same for any number of rows, and no parameter limit applies.
  const all = `[${rows.map(({ json }) => json).join(",")}]`;
  await storage.run({ operation: "record turns", repeatable: true, ...options }, (database) =>
    database.execute(sql`select record_turns_and_end_holds(${all}::json)`),
  );
}

/** Makes the ledger's partitions of this month and the next ones. */
export async function ensureLedgerPartitions(storage: Storage): Promise<void> {
  await storage.run({ operation: "make ledger partitions", repeatable: true }, (database) =>
    database.execute(sql`select ensure_turn_partitions_ahead(${PARTITIONS_AHEAD_MONTHS}::integer)`),
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
