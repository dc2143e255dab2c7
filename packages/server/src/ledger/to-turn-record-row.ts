import type { TurnRecordRow } from "../storage/turn-records.ts";
import type { TurnRecord } from "./ledger.ts";

export function toTurnRecordRow(record: TurnRecord): TurnRecordRow {
  return {
    request_id: record.requestId,
    organization_id: record.organizationId,
    workspace_id: record.workspaceId,
    api_key_id: record.apiKeyId,
    message_id: record.messageId,
    model: record.model,
    weights: record.weights,
    input_tokens: record.usage.inputTokens,
    cache_read_tokens: record.usage.cacheReadTokens,
    cache_write_5m_tokens: record.usage.cacheWrite5mTokens,
    cache_write_1h_tokens: record.usage.cacheWrite1hTokens,
    output_tokens: record.usage.outputTokens,
    thinking_tokens: record.usage.thinkingTokens,
    stop_reason: record.stopReason,
    outcome: record.outcome,
    service_tier: record.serviceTier,
    render_ms: record.timings.renderMs,
    queue_ms: record.timings.queueMs,
    restore_ms: record.timings.restoreMs,
    prefill_ms: record.timings.prefillMs,
    decode_ms: record.timings.decodeMs,
    started_at: new Date(record.startedAtMs).toISOString(),
  };
}
