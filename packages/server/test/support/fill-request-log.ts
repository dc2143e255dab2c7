import { sql } from "drizzle-orm";
import type { Platform } from "./start-platform.ts";

/** So many turns of the model `many` in the log, seven seconds apart, before the last two weeks; the nth newest has n tokens of input. */
export async function fillRequestLog({ storage, organizationId, workspaceId }: Platform, count: number): Promise<void> {
  const newest = sql`${new Date(Date.now() - 14 * 86_400_000).toISOString()}::timestamptz`;
  // A database that is new has none for the months that are over.
  await storage.run({ operation: "make ledger partitions", repeatable: true }, (database) =>
    database.execute(sql`select ensure_turn_partition(month) from generate_series(
        date_trunc('month', (${newest} - ${count}::integer * interval '7 seconds') at time zone 'UTC'),
        ${newest} at time zone 'UTC', interval '1 month') month`),
  );
  await storage.run({ operation: "fill the ledger", repeatable: false }, (database) =>
    database.execute(sql`insert into turn_records (sequence, request_id, organization_id, workspace_id, api_key_id, message_id,
        model, weights, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, web_searches,
        input_nano_usd, cache_read_nano_usd, cache_write_5m_nano_usd, cache_write_1h_nano_usd, output_nano_usd,
        web_search_nano_usd, thinking_tokens, service_tier, render_ms, queue_ms, restore_ms, prefill_ms, decode_ms, started_at,
        inference_geo, context_window, product, price_reference, cost_nano_usd, is_charged)
      select nextval('turn_records_number_seq'), 'req_many_' || n, ${organizationId}, ${workspaceId}, 'workbench', 'msg_' || n,
        'many', 'weights', n, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 'standard', 1, 1, 1, 1, 100,
        ${newest} - n * interval '7 seconds', 'global', '0-200k', 'messages_api', 'p', 0, false
      from generate_series(1, ${count}::integer) n`),
  );
}
