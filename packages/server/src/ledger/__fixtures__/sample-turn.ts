import type { TurnRecord } from "../ledger.ts";

export function sampleTurn(requestId: string): TurnRecord {
  return {
    requestId,
    organizationId: "00000000-0000-4000-8000-000000000001",
    workspaceId: "wrkspc_01sample",
    apiKeyId: "apikey_01sample",
    userId: null,
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
    inferenceGeo: "global",
    product: "messages_api",
    sessionId: null,
    bill: {
      priceReference: "claude-haiku-4-5-20251001@2025-10-15",
      cost: {
        total: 511_800n,
        input: 12_000n,
        cacheRead: 204_800n,
        cacheWrite5m: 125_000n,
        cacheWrite1h: 0n,
        output: 170_000n,
        webSearch: 0n,
      },
      isCharged: false,
    },
    timings: { renderMs: 0.4, queueMs: 1.25, restoreMs: 0, prefillMs: 20.5, decodeMs: 300.125 },
    startedAtMs: Date.UTC(2026, 10, 21, 12),
  };
}
