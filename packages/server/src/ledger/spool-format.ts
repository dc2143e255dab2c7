import { crc32 } from "node:zlib";
import { z } from "zod";
import { type EncodedTurnRecord, encodeTurnRecord, type TurnRecordRow } from "../storage/turn-records.ts";

const nanoUsd = z.string().regex(/^\d+$/).default("0");

const Row: z.ZodType<TurnRecordRow> = z.strictObject({
  request_id: z.string(),
  organization_id: z.string(),
  workspace_id: z.string(),
  api_key_id: z.string(),
  message_id: z.string(),
  model: z.string(),
  weights: z.string(),
  input_tokens: z.number(),
  cache_read_tokens: z.number(),
  cache_write_5m_tokens: z.number(),
  cache_write_1h_tokens: z.number(),
  output_tokens: z.number(),
  thinking_tokens: z.number(),
  stop_reason: z.string().nullable(),
  outcome: z.string().nullable(),
  service_tier: z.enum(["standard", "priority", "batch"]),
  render_ms: z.number(),
  queue_ms: z.number(),
  restore_ms: z.number(),
  prefill_ms: z.number(),
  decode_ms: z.number(),
  started_at: z.string(),
  // A row that an older Parley left on disk has none of these.
  inference_geo: z.string().default("not_available"),
  context_window: z.enum(["0-200k", "200k-1M"]).default("0-200k"),
  product: z.enum(["messages_api", "message_batches_api", "claude_code"]).default("messages_api"),
  session_id: z.string().nullable().default(null),
  web_searches: z.number().default(0),
  price_reference: z.string().default("unpriced"),
  cost_nano_usd: nanoUsd,
  input_nano_usd: nanoUsd,
  cache_read_nano_usd: nanoUsd,
  cache_write_5m_nano_usd: nanoUsd,
  cache_write_1h_nano_usd: nanoUsd,
  output_nano_usd: nanoUsd,
  web_search_nano_usd: nanoUsd,
  is_charged: z.boolean().default(false),
  user_id: z.string().nullable().default(null),
  auth_ms: z.number().nullable().default(null),
  read_ms: z.number().nullable().default(null),
  limits_ms: z.number().nullable().default(null),
  cache_miss_reason: z.string().nullable().default(null),
  missed_input_tokens: z.number().nullable().default(null),
  hold_ids: z.array(z.string()).default([]),
});

/** One line a row: its CRC-32 in eight hexadecimal digits, a space, JSON. */
export function formatSpoolLine({ json }: EncodedTurnRecord): string {
  return `${crc32(json).toString(16).padStart(8, "0")} ${json}\n`;
}

export interface SpoolContent {
  readonly rows: readonly EncodedTurnRecord[];
  /** Lines that are not what was written. A torn last line is normal after a kill: it was never acknowledged. */
  readonly damagedLines: number;
}

export function parseSpool(text: string): SpoolContent {
  const lines = text.split("\n");
  const torn = lines.pop() ?? "";
  const rows: EncodedTurnRecord[] = [];
  let damagedLines = 0;
  for (const line of lines) {
    const row = parseLine(line);
    if (row) rows.push(row);
    else damagedLines += 1;
  }
  // The last line may be whole but for its newline.
  const last = parseLine(torn);
  if (last) rows.push(last);
  return { rows, damagedLines };
}

function parseLine(line: string): EncodedTurnRecord | null {
  const json = line.slice(9);
  if (!/^[0-9a-f]{8} /.test(line) || crc32(json) !== Number.parseInt(line.slice(0, 8), 16)) return null;
  try {
    return encodeTurnRecord(Row.parse(JSON.parse(json)));
  } catch {
    return null;
  }
}
