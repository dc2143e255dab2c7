import { sql } from "drizzle-orm";
import { systemClock } from "../../src/platform/clock.ts";
import { silentLog } from "../../src/storage/testing/test-storage.ts";
import { openStorage } from "../../src/storage/storage.ts";

export interface LedgerRow extends Record<string, unknown> {
  readonly request_id: string;
  readonly message_id: string;
  /** Null for a turn that completed. */
  readonly outcome: string | null;
  readonly input_tokens: number;
  readonly cache_read_tokens: number;
  readonly cache_write_tokens: number;
  readonly output_tokens: number;
  readonly queue_ms: number;
  readonly restore_ms: number;
  readonly prefill_ms: number;
  readonly decode_ms: number;
}

/** All rows of a data folder's ledger, beside the Parley that runs on it or after it. */
export async function readLedger(dataDir: string): Promise<readonly LedgerRow[]> {
  await using storage = await openStorage({ databaseUrl: null, dataDir, log: silentLog, clock: systemClock, maxConnections: 1 });
  const { rows } = await storage.run({ operation: "read the ledger", repeatable: true }, (database) =>
    database.execute<LedgerRow>(
      sql`select request_id, message_id, outcome, input_tokens::int, cache_read_tokens::int, (cache_write_5m_tokens + cache_write_1h_tokens)::int as cache_write_tokens, output_tokens::int, queue_ms, restore_ms, prefill_ms, decode_ms from turn_records order by sequence`,
    ),
  );
  return rows;
}
