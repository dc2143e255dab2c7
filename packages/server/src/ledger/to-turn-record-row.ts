import { promptTokens } from "../money/compute-cost.ts";
import type { TurnRecordRow } from "../storage/turn-records.ts";
import type { TurnRecord } from "./ledger.ts";

/** Reports keep longer prompts apart, for which some models have another price. */
const SHORT_CONTEXT_TOKENS = 200_000;

export function toTurnRecordRow(record: TurnRecord): TurnRecordRow {
  const missed = record.cacheMissReason;
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
    inference_geo: record.inferenceGeo,
    context_window: promptTokens(record.usage) > SHORT_CONTEXT_TOKENS ? "200k-1M" : "0-200k",
    product: record.product,
    session_id: record.sessionId,
    web_searches: record.usage.serverToolUse?.webSearchRequests ?? 0,
    price_reference: record.bill.priceReference,
    cost_nano_usd: String(record.bill.cost.total),
    input_nano_usd: String(record.bill.cost.input),
    cache_read_nano_usd: String(record.bill.cost.cacheRead),
    cache_write_5m_nano_usd: String(record.bill.cost.cacheWrite5m),
    cache_write_1h_nano_usd: String(record.bill.cost.cacheWrite1h),
    output_nano_usd: String(record.bill.cost.output),
    web_search_nano_usd: String(record.bill.cost.webSearch),
    is_charged: record.bill.isCharged,
    user_id: record.userId,
    auth_ms: record.admission?.authMs ?? null,
    read_ms: record.admission?.readMs ?? null,
    limits_ms: record.admission?.limitsMs ?? null,
    cache_miss_reason: record.cacheMissReason?.type ?? null,
    missed_input_tokens: missed && "missedInputTokens" in missed ? missed.missedInputTokens : null,
    hold_ids: record.bill.holdIds ?? [],
  };
}
