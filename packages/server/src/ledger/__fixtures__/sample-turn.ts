import type { TurnRecord } from "../ledger.ts";

export function sampleTurn(requestId: string): TurnRecord {
  return {
    requestId,
    organizationId: "00000000-0000-4000-8000-000000000001",
    workspaceId: "wrkspc_01sample",
    apiKeyId: "apikey_01sample",
    messageId: `msg_${requestId}`,
    model: "claude-haiku-4-5-20251001",
    weights: "smollm2-135m-instruct",
    usage: {
      inputTokens: 12,
      cacheReadTokens: 2048,
      cacheWrite5mTokens: 100,
      cacheWrite1hTokens: 0,
      outputTokens: 34,
      thinkingTokens: 5,
    },
    stopReason: "end_turn",
    outcome: null,
    serviceTier: "standard",
    timings: { renderMs: 0.4, queueMs: 1.25, restoreMs: 0, prefillMs: 20.5, decodeMs: 300.125 },
    startedAtMs: Date.UTC(2026, 10, 21, 12),
  };
}
