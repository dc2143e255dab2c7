import type { StreamEvent } from "@parley/wire";
import { expect, test } from "vitest";
import { applyEvent, beginReply } from "../../src/features/workbench/reply.ts";

const USAGE = {
  input_tokens: 11,
  output_tokens: 0,
  cache_creation_input_tokens: 5,
  cache_read_input_tokens: 7,
  output_tokens_details: null,
  server_tool_use: null,
};

const EVENTS: readonly StreamEvent[] = [
  {
    type: "message_start",
    message: {
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "claude-haiku-4-5",
      content: [],
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      container: null,
      diagnostics: null,
      usage: { ...USAGE, cache_creation: null, inference_geo: null, service_tier: "standard", speed: null },
    },
  },
  { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "", signature: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "Let me " } },
  { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "see." } },
  { type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature: "sig" } },
  { type: "content_block_stop", index: 0 },
  { type: "ping" },
  { type: "content_block_start", index: 1, content_block: { type: "text", text: "", citations: null } },
  { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "Hel" } },
  { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "lo" } },
  { type: "content_block_stop", index: 1 },
  {
    type: "content_block_start",
    index: 2,
    content_block: { type: "tool_use", id: "toolu_1", name: "add", input: {}, caller: { type: "direct" } },
  },
  { type: "content_block_delta", index: 2, delta: { type: "input_json_delta", partial_json: '{"a":' } },
  { type: "content_block_delta", index: 2, delta: { type: "input_json_delta", partial_json: "1}" } },
  { type: "content_block_stop", index: 2 },
  {
    type: "message_delta",
    delta: { stop_reason: "tool_use", stop_sequence: null, stop_details: null, container: null },
    usage: { ...USAGE, output_tokens: 9 },
  },
  { type: "message_stop" },
];

test("a stream's events add up to its reply", () => {
  const reply = EVENTS.reduce((soFar, event, index) => applyEvent(soFar, event, 100 + index), beginReply(100));
  expect(reply).toEqual({
    model: "claude-haiku-4-5",
    blocks: [
      { type: "thinking", thinking: "Let me see.", signature: "sig" },
      { type: "text", text: "Hello", citations: [] },
      { type: "tool_use", id: "toolu_1", name: "add", json: '{"a":1}' },
    ],
    stopReason: "tool_use",
    inputTokens: 11,
    cacheReadTokens: 7,
    cacheWriteTokens: 5,
    deltas: 7,
    outputTokens: 9,
    startedAtMs: 100,
    firstTokenAtMs: 102,
    endedAtMs: 116,
  });
});

test("a delta for a block that never began changes nothing", () => {
  const reply = beginReply(0);
  expect(applyEvent(reply, { type: "content_block_delta", index: 3, delta: { type: "text_delta", text: "x" } }, 1)).toBe(reply);
});
