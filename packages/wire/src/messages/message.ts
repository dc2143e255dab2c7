import { z } from "zod";
import { Caller } from "./caller.ts";
import { Citation } from "./citations.ts";
import { ContextManagementResponse } from "./context-management.ts";
import { McpToolListingBlock, McpToolResultBlock, McpToolUseBlock } from "./mcp.ts";
import {
  BashCodeExecutionToolResultBlock,
  CodeExecutionToolResultBlock,
  ServerToolUseBlock,
  TextEditorCodeExecutionToolResultBlock,
  ToolSearchToolResultBlock,
  WebFetchToolResultBlock,
  WebSearchToolResultBlock,
} from "./server-tool-block.ts";

export const TextBlock = z
  .strictObject({ type: z.literal("text"), text: z.string(), citations: z.array(Citation).nullable() })
  .meta({ id: "TextBlock" });

export const ThinkingBlock = z
  .strictObject({ type: z.literal("thinking"), thinking: z.string(), signature: z.string() })
  .meta({ id: "ThinkingBlock" });

export const RedactedThinkingBlock = z
  .strictObject({ type: z.literal("redacted_thinking"), data: z.string() })
  .meta({ id: "RedactedThinkingBlock" });

export const ToolUseBlock = z
  .strictObject({
    type: z.literal("tool_use"),
    id: z.string(),
    name: z.string(),
    input: z.record(z.string(), z.unknown()),
    caller: Caller,
    /** Of a toolset's member. */
    toolset_name: z.enum(["computer", "browser"]).optional(),
  })
  .meta({ id: "ToolUseBlock" });

/** The summary that stands in place of all that came before it; null where none could be made. */
export const CompactionBlock = z
  .strictObject({ type: z.literal("compaction"), content: z.string().nullable(), encrypted_content: z.string().nullable() })
  .meta({ id: "CompactionBlock" });

export const ContentBlock = z
  .discriminatedUnion("type", [
    TextBlock,
    ThinkingBlock,
    RedactedThinkingBlock,
    ToolUseBlock,
    ServerToolUseBlock,
    WebSearchToolResultBlock,
    WebFetchToolResultBlock,
    ToolSearchToolResultBlock,
    McpToolListingBlock,
    McpToolUseBlock,
    McpToolResultBlock,
    CompactionBlock,
    CodeExecutionToolResultBlock,
    BashCodeExecutionToolResultBlock,
    TextEditorCodeExecutionToolResultBlock,
  ])
  .meta({ id: "ContentBlock" });

export const StopReason = z
  .enum([
    "end_turn",
    "max_tokens",
    "stop_sequence",
    "tool_use",
    "pause_turn",
    "compaction",
    "refusal",
    "model_context_window_exceeded",
  ])
  .meta({ id: "StopReason" });

export const StopDetails = z
  .strictObject({
    type: z.literal("refusal"),
    category: z.enum(["cyber", "bio", "frontier_llm", "reasoning_extraction", "general_harms"]).nullable(),
    explanation: z.string().nullable(),
  })
  .meta({ id: "StopDetails" });

export const CacheCreation = z
  .strictObject({ ephemeral_5m_input_tokens: z.int(), ephemeral_1h_input_tokens: z.int() })
  .meta({ id: "CacheCreation" });

const OutputTokensDetails = z.strictObject({ thinking_tokens: z.int() }).meta({ id: "OutputTokensDetails" });
const ServerToolUsage = z
  .strictObject({ web_search_requests: z.int(), web_fetch_requests: z.int() })
  .meta({ id: "ServerToolUsage" });

const iterationCounters = {
  input_tokens: z.int(),
  output_tokens: z.int(),
  cache_creation_input_tokens: z.int(),
  cache_read_input_tokens: z.int(),
  cache_creation: CacheCreation.nullable(),
};

/** What a turn was computed in, where it was more than one prompt. */
export const UsageIteration = z
  .discriminatedUnion("type", [
    z.strictObject({ type: z.literal("compaction"), ...iterationCounters }),
    z.strictObject({ type: z.literal("message"), ...iterationCounters, model: z.string().nullable() }),
  ])
  .meta({ id: "UsageIteration" });

const counters = {
  output_tokens: z.int(),
  cache_creation_input_tokens: z.int().nullable(),
  cache_read_input_tokens: z.int().nullable(),
  output_tokens_details: OutputTokensDetails.nullable(),
  server_tool_use: ServerToolUsage.nullable(),
  // Beta clients' types have these always.
  iterations: z.array(UsageIteration).nullish(),
  fallback_credit: z.null().optional(),
};

export const Usage = z
  .strictObject({
    input_tokens: z.int(),
    ...counters,
    cache_creation: CacheCreation.nullable(),
    inference_geo: z.string().nullable(),
    service_tier: z.enum(["standard", "priority", "batch"]).nullable(),
    speed: z.enum(["standard", "fast"]).nullable(),
  })
  .meta({ id: "Usage" });

/** Cumulative: clients overwrite what `message_start` said. */
export const MessageDeltaUsage = z
  .strictObject({ input_tokens: z.int().nullable(), ...counters, cache_creation: CacheCreation.nullable().optional() })
  .meta({ id: "MessageDeltaUsage" });

const missed = { cache_missed_input_tokens: z.int() };
export const CacheMissReason = z
  .discriminatedUnion("type", [
    z.strictObject({ type: z.literal("model_changed"), ...missed }),
    z.strictObject({ type: z.literal("system_changed"), ...missed }),
    z.strictObject({ type: z.literal("tools_changed"), ...missed }),
    z.strictObject({ type: z.literal("messages_changed"), ...missed }),
    z.strictObject({ type: z.literal("previous_message_not_found") }),
    z.strictObject({ type: z.literal("unavailable") }),
  ])
  .meta({ id: "CacheMissReason" });

export const Diagnostics = z.strictObject({ cache_miss_reason: CacheMissReason.nullable() }).meta({ id: "Diagnostics" });

export const ContainerSkill = z
  .strictObject({ type: z.enum(["anthropic", "custom"]), skill_id: z.string(), version: z.string() })
  .meta({ id: "ContainerSkill" });

/** Where code of the reply ran; null where none did. */
export const Container = z
  .strictObject({ id: z.string(), expires_at: z.string(), skills: z.array(ContainerSkill).nullable() })
  .meta({ id: "Container" });

export const ContainerField = Container.nullable();

export const Message = z
  .strictObject({
    id: z.string(),
    type: z.literal("message"),
    role: z.literal("assistant"),
    model: z.string(),
    content: z.array(ContentBlock),
    stop_reason: StopReason.nullable(),
    stop_sequence: z.string().nullable(),
    stop_details: StopDetails.nullable(),
    container: ContainerField,
    diagnostics: Diagnostics.nullable(),
    usage: Usage,
    context_management: ContextManagementResponse.nullish(),
  })
  .meta({ id: "Message" });

export type ContainerSkill = z.infer<typeof ContainerSkill>;
export type TextBlock = z.infer<typeof TextBlock>;
export type ThinkingBlock = z.infer<typeof ThinkingBlock>;
export type RedactedThinkingBlock = z.infer<typeof RedactedThinkingBlock>;
export type UsageIteration = z.infer<typeof UsageIteration>;
export type ToolUseBlock = z.infer<typeof ToolUseBlock>;
export type ContentBlock = z.infer<typeof ContentBlock>;
export type StopReason = z.infer<typeof StopReason>;
export type Usage = z.infer<typeof Usage>;
export type MessageDeltaUsage = z.infer<typeof MessageDeltaUsage>;
export type CacheMissReason = z.infer<typeof CacheMissReason>;
export type Diagnostics = z.infer<typeof Diagnostics>;
export type Message = z.infer<typeof Message>;
