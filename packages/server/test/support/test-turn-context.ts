import type { ModelCapabilities } from "@parley/wire";
import { createThinkingSigner } from "../../src/prompt/thinking-signature.ts";
import type { TurnContext, TurnModel } from "../../src/prompt/turn-context.ts";

const no = { supported: false };
const yes = { supported: true };

const capabilities: ModelCapabilities = {
  batch: no,
  citations: no,
  code_execution: no,
  context_management: { supported: true, clear_thinking_20251015: yes, clear_tool_uses_20250919: yes, compact_20260112: yes },
  effort: { supported: true, low: yes, medium: yes, high: yes, xhigh: yes, max: yes },
  image_input: no,
  pdf_input: no,
  server_tools: { supported: false, code_execution: no, web_search: no },
  structured_outputs: yes,
  thinking: { supported: true, types: { enabled: yes, adaptive: yes, disabled: yes, between_tools: yes } },
};

export const testSigner = createThinkingSigner(Buffer.alloc(32, 1));

/** A context for tests of a text model that takes everything; `rules` narrows what the model accepts. */
export function testTurnContext(rules: Partial<TurnModel["rules"]> = {}): TurnContext {
  return {
    requestId: "req_1",
    messageId: "msg_1",
    workspaceId: "wrkspc_1",
    model: {
      id: "claude-opus-4-5-20251101",
      weights: "small",
      rules: {
        maxTokens: 64_000,
        minimumCacheTokens: 1024,
        prefill: true,
        thinking: { enabled: true, adaptive: true, disabled: true, between_tools: true },
        sampling: "free",
        contextOverflow: "stop",
        ...rules,
      },
      capabilities,
    },
    affinity: { sessionId: null, agentId: null },
    priority: "standard",
    media: { pages: new Map(), pictures: new Map(), fileIds: new Map(), uploads: new Map() },
    container: { organizationId: "org_1", current: null, uploads: [], skills: [] },
    thinkingSigner: testSigner,
    searchSeals: createThinkingSigner(Buffer.alloc(32, 3)),
  };
}
