import type { Citation, Message, ServerToolResultBlock, StopReason, StreamEvent } from "@parley/wire";

export type ReplyBlock =
  | { readonly type: "text"; readonly text: string; readonly citations: readonly Citation[] }
  | { readonly type: "thinking"; readonly thinking: string; readonly signature: string }
  | { readonly type: "redacted_thinking"; readonly data: string }
  | { readonly type: "tool_use"; readonly id: string; readonly name: string; readonly json: string }
  | { readonly type: "server_tool_use"; readonly id: string; readonly name: string; readonly json: string }
  | {
      readonly type: "mcp_tool_use";
      readonly id: string;
      readonly name: string;
      readonly server_name: string;
      readonly json: string;
    }
  | { readonly type: "server_tool_result"; readonly block: ServerToolResultBlock };

/** A reply while it comes, and when it is there. Times are monotonic. */
export interface Reply {
  readonly model: string | null;
  readonly blocks: readonly ReplyBlock[];
  readonly stopReason: StopReason | null;
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  /** Deltas that came: about as many tokens, until the end says how many they were. */
  readonly deltas: number;
  readonly startedAtMs: number;
  readonly firstTokenAtMs: number | null;
  readonly endedAtMs: number | null;
}

export function beginReply(nowMs: number): Reply {
  return {
    model: null,
    blocks: [],
    stopReason: null,
    inputTokens: 0,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 0,
    deltas: 0,
    startedAtMs: nowMs,
    firstTokenAtMs: null,
    endedAtMs: null,
  };
}

/** The reply with one more event of its stream. */
export function applyEvent(reply: Reply, event: StreamEvent, nowMs: number): Reply {
  switch (event.type) {
    case "message_start":
      return { ...reply, model: event.message.model, ...tokensOf(event.message.usage) };
    case "content_block_start":
      return withBlock(reply, event.index, toBlock(event.content_block));
    case "content_block_delta": {
      const block = reply.blocks[event.index];
      if (!block) return reply;
      return {
        ...withBlock(reply, event.index, grow(block, event.delta)),
        deltas: reply.deltas + 1,
        firstTokenAtMs: reply.firstTokenAtMs ?? nowMs,
      };
    }
    case "message_delta": {
      const { output_tokens: outputTokens, cache_read_input_tokens: read, cache_creation_input_tokens: written } = event.usage;
      return {
        ...reply,
        stopReason: event.delta.stop_reason,
        outputTokens,
        inputTokens: event.usage.input_tokens ?? reply.inputTokens,
        cacheReadTokens: read ?? reply.cacheReadTokens,
        cacheWriteTokens: written ?? reply.cacheWriteTokens,
      };
    }
    case "message_stop":
      return endReply(reply, nowMs);
    case "content_block_stop":
    case "ping":
    case "error":
      return reply;
    default:
      event satisfies never;
      return reply;
  }
}

/** Ends it where it stands, as when somebody stops it. */
export function endReply(reply: Reply, nowMs: number): Reply {
  return reply.endedAtMs === null ? { ...reply, endedAtMs: nowMs } : reply;
}

type Delta = Extract<StreamEvent, { type: "content_block_delta" }>["delta"];

function grow(block: ReplyBlock, delta: Delta): ReplyBlock {
  if (block.type === "text" && delta.type === "text_delta") return { ...block, text: block.text + delta.text };
  if (block.type === "text" && delta.type === "citations_delta")
    return { ...block, citations: [...block.citations, delta.citation] };
  if ("json" in block && delta.type === "input_json_delta") return { ...block, json: block.json + delta.partial_json };
  if (block.type === "thinking" && delta.type === "thinking_delta")
    return { ...block, thinking: block.thinking + delta.thinking };
  if (block.type === "thinking" && delta.type === "signature_delta") return { ...block, signature: delta.signature };
  return block;
}

function toBlock(block: Message["content"][number]): ReplyBlock {
  switch (block.type) {
    case "text":
      return { type: "text", text: block.text, citations: block.citations ?? [] };
    case "thinking":
      return { type: "thinking", thinking: block.thinking, signature: block.signature };
    case "redacted_thinking":
      return { type: "redacted_thinking", data: block.data };
    case "compaction":
      // The Workbench asks for none.
      return { type: "text", text: block.content ?? "", citations: [] };
    case "mcp_tool_listing":
      // Comes under a beta that the Workbench does not send.
      return { type: "text", text: "", citations: [] };
    case "tool_use":
    case "server_tool_use":
      return { type: block.type, id: block.id, name: block.name, json: "" };
    case "mcp_tool_use":
      return { type: block.type, id: block.id, name: block.name, server_name: block.server_name, json: "" };
    case "mcp_tool_result":
    case "web_search_tool_result":
    case "web_fetch_tool_result":
    case "tool_search_tool_result":
    case "code_execution_tool_result":
    case "bash_code_execution_tool_result":
    case "text_editor_code_execution_tool_result":
      return { type: "server_tool_result", block };
    default:
      block satisfies never;
      throw new Error("unknown block");
  }
}

function withBlock(reply: Reply, index: number, block: ReplyBlock): Reply {
  const blocks = [...reply.blocks];
  blocks[index] = block;
  return { ...reply, blocks };
}

function tokensOf(usage: Message["usage"]) {
  return {
    inputTokens: usage.input_tokens,
    cacheReadTokens: usage.cache_read_input_tokens ?? 0,
    cacheWriteTokens: usage.cache_creation_input_tokens ?? 0,
    outputTokens: usage.output_tokens,
  };
}
