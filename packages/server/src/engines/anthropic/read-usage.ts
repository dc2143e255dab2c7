import type { Usage } from "../../turn/turn-event.ts";

/** No prompt has more tokens, whatever an upstream says. */
const MOST_TOKENS = 100_000_000;

/**
 * The counts that an upstream gives, cumulative over `before`. What is no count keeps what was known; nobody is charged for more
 * output than was asked for.
 */
export function readUsage(value: unknown, before: Usage, outputMax: number): Usage {
  const usage = objectOf(value);
  const creation = objectOf(usage["cache_creation"]);
  const write1h = count(creation["ephemeral_1h_input_tokens"]);
  const writes = count(usage["cache_creation_input_tokens"]);
  const write5m = count(creation["ephemeral_5m_input_tokens"]) ?? (writes === null ? null : Math.max(0, writes - (write1h ?? 0)));
  const outputTokens = Math.min(outputMax, count(usage["output_tokens"]) ?? before.outputTokens);
  const thinking = count(objectOf(usage["output_tokens_details"])["thinking_tokens"]) ?? before.thinkingTokens;
  const tools = objectOf(usage["server_tool_use"]);
  const searches = count(tools["web_search_requests"]);
  const fetches = count(tools["web_fetch_requests"]);
  const known = before.serverToolUse;
  const serverToolUse =
    searches === null && fetches === null
      ? known
      : {
          webSearchRequests: searches ?? known?.webSearchRequests ?? 0,
          webFetchRequests: fetches ?? known?.webFetchRequests ?? 0,
        };
  return {
    inputTokens: count(usage["input_tokens"]) ?? before.inputTokens,
    cacheReadTokens: count(usage["cache_read_input_tokens"]) ?? before.cacheReadTokens,
    cacheWrite5mTokens: write5m ?? before.cacheWrite5mTokens,
    cacheWrite1hTokens: write1h ?? before.cacheWrite1hTokens,
    outputTokens,
    thinkingTokens: Math.min(thinking, outputTokens),
    ...(serverToolUse === undefined ? {} : { serverToolUse }),
  };
}

function count(value: unknown): number | null {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MOST_TOKENS ? value : null;
}

export function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
