import type { MessageDeltaUsage, Usage as WireUsage, UsageIteration } from "@parley/wire";
import { addUsage, NOTHING_USED } from "../turn/add-usage.ts";
import type { Iteration, Usage } from "../turn/turn-event.ts";
import type { ReplyContext } from "./reply-context.ts";

/** What a turn has used; the iterations where there is more than one kind. */
interface Used {
  readonly usage: Usage;
  readonly iterations?: readonly Iteration[];
}

function counters(used: Used, { beta, model }: Pick<ReplyContext, "beta" | "model">) {
  const { iterations } = used;
  const usage = iterations
    ? iterations
        .filter(({ type }) => type === "message")
        .map((each) => each.usage)
        .reduce(addUsage, NOTHING_USED)
    : used.usage;
  const listed = iterations && iterations.length > 0 ? iterations.map((each) => toIteration(each, model)) : null;
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
    ...(beta || listed ? { iterations: listed } : {}),
    ...(beta ? { fallback_credit: null } : {}),
  };
}

function toIteration({ type, usage }: Iteration, model: string): UsageIteration {
  const own = {
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
    cache_creation_input_tokens: usage.cacheWrite5mTokens + usage.cacheWrite1hTokens,
    cache_read_input_tokens: usage.cacheReadTokens,
    cache_creation: {
      ephemeral_5m_input_tokens: usage.cacheWrite5mTokens,
      ephemeral_1h_input_tokens: usage.cacheWrite1hTokens,
    },
  };
  return type === "message" ? { type, ...own, model } : { type, ...own };
}

/** `usage` of a message: every nullable field is present, as the newest clients' types have it. */
export function toUsage(used: Used, context: Pick<ReplyContext, "serviceTier" | "inferenceGeo" | "beta" | "model">): WireUsage {
  return {
    ...counters(used, context),
    service_tier: context.serviceTier,
    inference_geo: context.inferenceGeo,
    speed: "standard",
  };
}

/** `usage` of `message_delta`: the whole message's totals, which clients put in place of what they had. */
export function toDeltaUsage(used: Used, context: Pick<ReplyContext, "beta" | "model">): MessageDeltaUsage {
  return counters(used, context);
}
