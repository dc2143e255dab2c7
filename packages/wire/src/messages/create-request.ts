import { z } from "zod";
import { cacheControlField } from "./cache-control.ts";
import { ContentBlockParam, SystemMessageBlockParam, TextBlockParam } from "./content-block-param.ts";
import { ContextManagement } from "./context-management.ts";
import { McpServers } from "./mcp.ts";
import { ToolChoiceParam, ToolParam } from "./tool-param.ts";

export const MESSAGES_MAX = 100_000;
/** Each is searched for in every piece of output. */
export const STOP_SEQUENCES_MAX = 8_191;
export const USER_ID_MAX_CHARACTERS = 256;

const content = z.union([z.string(), z.array(ContentBlockParam)]);

export const EffortParam = z.enum(["low", "medium", "high", "xhigh", "max"]);

export const MessageParam = z
  .discriminatedUnion("role", [
    z.strictObject({ role: z.literal("user"), content }),
    z.strictObject({ role: z.literal("assistant"), content }),
    z.strictObject({
      role: z.literal("system"),
      content: z.union([z.string(), z.array(SystemMessageBlockParam)]).optional(),
      clear_at: z.enum(["next_user_message", "never"]).nullish(),
      output_config: z.strictObject({ effort: EffortParam.nullish() }).nullish(),
    }),
  ])
  .meta({ id: "MessageParam" });

const thinkingDisplay = {
  display: z.enum(["summarized", "omitted", "updates"]).nullish(),
  block_binding: z.strictObject({ prefix_mismatch_behavior: z.unknown().optional() }).nullish(),
};

export const ThinkingConfigParam = z
  .discriminatedUnion("type", [
    z.strictObject({ type: z.literal("enabled"), budget_tokens: z.int().min(1024), ...thinkingDisplay }),
    z.strictObject({ type: z.literal("adaptive"), ...thinkingDisplay }),
    z.strictObject({ type: z.literal("disabled") }),
    z.strictObject({ type: z.literal("between_tools") }),
  ])
  .meta({ id: "ThinkingConfigParam" });

const OutputFormat = z
  .discriminatedUnion("type", [z.strictObject({ type: z.literal("json_schema"), schema: z.record(z.string(), z.unknown()) })])
  .meta({ id: "OutputFormat" });

export const OutputConfig = z
  .strictObject({
    effort: EffortParam.nullish(),
    format: OutputFormat.nullish(),
    task_budget: z
      .discriminatedUnion("type", [
        z.strictObject({ type: z.literal("tokens"), total: z.int().min(1), remaining: z.int().min(0).nullish() }),
      ])
      .nullish(),
  })
  .meta({ id: "OutputConfig" });

const Container = z.union([
  z.string(),
  z.strictObject({
    id: z.string().nullish(),
    skills: z
      .array(z.strictObject({ type: z.enum(["anthropic", "custom"]), skill_id: z.string(), version: z.string().optional() }))
      .max(8)
      .nullish(),
  }),
]);

const Metadata = z.strictObject({ user_id: z.string().max(USER_ID_MAX_CHARACTERS).nullish() }).meta({ id: "Metadata" });

/** Keys in the order in which the first error is looked for. */
export const MessagesCreateRequest = z
  .strictObject({
    model: z.string().min(1).max(256),
    messages: z.array(MessageParam).max(MESSAGES_MAX),
    max_tokens: z.int().min(0),
    system: z.union([z.string(), z.array(TextBlockParam)]).optional(),
    cache_control: cacheControlField,
    container: Container.nullish(),
    context_management: ContextManagement.nullish(),
    diagnostics: z.strictObject({ previous_message_id: z.string().nullish() }).nullish(),
    inference_geo: z.string().nullish(),
    metadata: Metadata.optional(),
    output_config: OutputConfig.optional(),
    output_format: OutputFormat.nullish(),
    service_tier: z.enum(["auto", "standard_only"]).optional(),
    speed: z.enum(["standard", "fast"]).nullish(),
    stop_sequences: z.array(z.string()).max(STOP_SEQUENCES_MAX).optional(),
    stream: z.boolean().optional(),
    temperature: z.number().min(0).max(1).optional(),
    thinking: ThinkingConfigParam.optional(),
    tool_choice: ToolChoiceParam.optional(),
    tools: z.array(ToolParam).optional(),
    top_k: z.int().min(0).optional(),
    top_p: z.number().min(0).max(1).optional(),
    billing_policy: z.looseObject({}).nullish(),
    compaction: z.strictObject({ type: z.literal("summarize"), instructions: z.string().max(16_384).nullish() }).nullish(),
    fallback_credit_token: z.union([z.string(), z.looseObject({ token: z.string() })]).nullish(),
    fallbacks: z.union([z.string(), z.array(z.looseObject({ model: z.string() }))]).nullish(),
    mcp_servers: McpServers.optional(),
    thread: z
      .discriminatedUnion("type", [
        z.strictObject({ type: z.literal("create") }),
        z.strictObject({ type: z.literal("continue"), previous_message_id: z.string() }),
      ])
      .nullish(),
    user_profile_id: z.string().optional(),
  })
  .meta({ id: "MessagesCreateRequest" });

export type MessageParam = z.infer<typeof MessageParam>;
export type ThinkingConfigParam = z.infer<typeof ThinkingConfigParam>;
export type OutputConfig = z.infer<typeof OutputConfig>;
export type MessagesCreateRequest = z.infer<typeof MessagesCreateRequest>;
