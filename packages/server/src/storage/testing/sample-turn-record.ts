import type { TurnRecordRow } from "../turn-records.ts";

export function sampleTurnRecord(requestId: string): TurnRecordRow {
  return {
    request_id: requestId,
    organization_id: "00000000-0000-4000-8000-000000000001",
    workspace_id: "wrkspc_01sample",
    api_key_id: "apikey_01sample",
    message_id: `msg_${requestId}`,
    model: "claude-haiku-4-5-20251001",
    weights: "smollm2-135m-instruct",
    input_tokens: 12,
    cache_read_tokens: 2048,
    cache_write_5m_tokens: 100,
    cache_write_1h_tokens: 0,
    output_tokens: 34,
    thinking_tokens: 0,
    stop_reason: "end_turn",
    outcome: null,
    service_tier: "standard",
    render_ms: 0.4,
    queue_ms: 1.25,
    restore_ms: 0,
    prefill_ms: 20.5,
    decode_ms: 300.125,
    started_at: "2026-11-21T12:00:00.000Z",
  };
}
