import type { LoggedRequest } from "@parley/wire";
import { NO_API_KEY } from "../../auth/principal.ts";
import { formatCents } from "../../money/nano-usd.ts";
import { CLIENT_CLOSED } from "../../platform/client-closed.ts";
import type { RequestRow } from "../../storage/request-log.ts";

export function toLoggedRequest({ turn, failure, ...row }: RequestRow): LoggedRequest {
  const status = failure === null ? "succeeded" : failure.type === CLIENT_CLOSED ? "canceled" : "errored";
  return {
    id: row.id,
    type: "request",
    started_at: new Date(row.startedAtMs).toISOString(),
    status,
    error: status === "errored" ? failure : null,
    workspace_id: row.workspaceId,
    api_key_id: row.apiKeyId === NO_API_KEY ? null : row.apiKeyId,
    user_id: row.userId,
    model: row.model,
    weights: turn?.weights ?? null,
    product: turn?.product ?? null,
    service_tier: turn?.serviceTier ?? null,
    session_id: turn?.sessionId ?? null,
    message_id: turn?.messageId ?? null,
    stop_reason: turn?.stopReason ?? null,
    usage: turn && {
      input_tokens: turn.inputTokens,
      cache_read_input_tokens: turn.cacheReadTokens,
      cache_creation_input_tokens: turn.cacheWriteTokens,
      output_tokens: turn.outputTokens,
      thinking_tokens: turn.thinkingTokens,
    },
    cache_miss:
      turn && turn.cacheMissReason !== null
        ? { reason: turn.cacheMissReason, missed_input_tokens: turn.missedInputTokens }
        : null,
    cost: turn && formatCents(turn.costNanoUsd),
    duration_ms: row.durationMs,
    timings_ms: turn?.timings ?? null,
  };
}
