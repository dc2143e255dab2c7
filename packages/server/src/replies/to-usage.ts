import type { MessageDeltaUsage, Usage as WireUsage } from "@parley/wire";
import type { Usage } from "../turn/turn-event.ts";
import type { ReplyContext } from "./reply-context.ts";

function counters(usage: Usage, beta: boolean) {
  return {
    input_tokens: usage.inputTokens,
    cache_creation_input_tokens: usage.cacheWrite5mTokens + usage.cacheWrite1hTokens,
    cache_read_input_tokens: usage.cacheReadTokens,
    cache_creation: {
      ephemeral_5m_input_tokens: usage.cacheWrite5mTokens,
      ephemeral_1h_input_tokens: usage.cacheWrite1hTokens,
    },
    output_tokens: usage.outputTokens,
    output_tokens_details: { thinking_tokens: usage.thinkingTokens },
    server_tool_use: usage.serverToolUse
      ? {
          web_search_requests: usage.serverToolUse.webSearchRequests,
          web_fetch_requests: usage.serverToolUse.webFetchRequests,
        }
      : null,
    ...(beta ? { iterations: null, fallback_credit: null } : {}),
  };
}

/** `usage` of a message: every nullable field is present, as the newest clients' types have it. */
export function toUsage(usage: Usage, context: Pick<ReplyContext, "serviceTier" | "inferenceGeo" | "beta">): WireUsage {
  return {
    ...counters(usage, context.beta),
    service_tier: context.serviceTier,
    inference_geo: context.inferenceGeo,
    speed: "standard",
  };
}

/** `usage` of `message_delta`: the whole message's totals, which clients put in place of what they had. */
export function toDeltaUsage(usage: Usage, context: Pick<ReplyContext, "beta">): MessageDeltaUsage {
  return counters(usage, context.beta);
}
