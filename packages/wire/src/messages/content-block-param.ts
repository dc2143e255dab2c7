import { z } from "zod";
import { BrowserStateBlockParam } from "./browser-state.ts";
import { cacheControlField } from "./cache-control.ts";
import { CallerParam } from "./caller.ts";
import { CitationParam, CitationsConfig } from "./citations.ts";
import { serverToolBlockParams } from "./server-tool-block-param.ts";

export const TOOL_ID_PATTERN = /^[a-zA-Z0-9_-]+$/;
const toolId = z.string().regex(TOOL_ID_PATTERN);
/** The family of a toolset member's call and result. */
const toolsetName = z.enum(["computer", "browser"]).nullish();

export const TextBlockParam = z
  .strictObject({
    type: z.literal("text"),
    text: z.string(),
    cache_control: cacheControlField,
    citations: z.array(CitationParam).nullish(),
  })
  .meta({ id: "TextBlockParam" });

const ImageSource = z
  .discriminatedUnion("type", [
    z.strictObject({
      type: z.literal("base64"),
      media_type: z.enum(["image/jpeg", "image/png", "image/gif", "image/webp"]),
      data: z.string(),
    }),
    z.strictObject({ type: z.literal("url"), url: z.string() }),
    z.strictObject({ type: z.literal("file"), file_id: z.string() }),
  ])
  .meta({ id: "ImageSource" });

export const ImageBlockParam = z
  .strictObject({
    type: z.literal("image"),
    source: ImageSource,
    cache_control: cacheControlField,
    transformations: z.strictObject({ oversized_image: z.enum(["downsize", "error"]).optional() }).nullish(),
  })
  .meta({ id: "ImageBlockParam" });

const DocumentSource = z
  .discriminatedUnion("type", [
    z.strictObject({ type: z.literal("base64"), media_type: z.literal("application/pdf"), data: z.string() }),
    z.strictObject({ type: z.literal("text"), media_type: z.literal("text/plain"), data: z.string() }),
    z.strictObject({
      type: z.literal("content"),
      content: z.union([z.string(), z.array(z.discriminatedUnion("type", [TextBlockParam, ImageBlockParam]))]),
    }),
    z.strictObject({ type: z.literal("url"), url: z.string() }),
    z.strictObject({ type: z.literal("file"), file_id: z.string() }),
  ])
  .meta({ id: "DocumentSource" });

export const DocumentBlockParam = z
  .strictObject({
    type: z.literal("document"),
    source: DocumentSource,
    title: z.string().max(500).nullish(),
    context: z.string().nullish(),
    citations: CitationsConfig.nullish(),
    cache_control: cacheControlField,
  })
  .meta({ id: "DocumentBlockParam" });

export const SearchResultBlockParam = z
  .strictObject({
    type: z.literal("search_result"),
    source: z.string(),
    title: z.string(),
    content: z.array(TextBlockParam),
    citations: CitationsConfig.optional(),
    cache_control: cacheControlField,
  })
  .meta({ id: "SearchResultBlockParam" });

export const ThinkingBlockParam = z
  .strictObject({ type: z.literal("thinking"), thinking: z.string(), signature: z.string() })
  .meta({ id: "ThinkingBlockParam" });

export const RedactedThinkingBlockParam = z
  .strictObject({ type: z.literal("redacted_thinking"), data: z.string() })
  .meta({ id: "RedactedThinkingBlockParam" });

export const ToolUseBlockParam = z
  .strictObject({
    type: z.literal("tool_use"),
    id: toolId,
    name: z.string().min(1).max(200),
    input: z.record(z.string(), z.unknown()),
    cache_control: cacheControlField,
    caller: CallerParam.optional(),
    toolset_name: toolsetName,
  })
  .meta({ id: "ToolUseBlockParam" });

const ToolReferenceBlockParam = z
  .strictObject({ type: z.literal("tool_reference"), tool_name: z.string(), cache_control: cacheControlField })
  .meta({ id: "ToolReferenceBlockParam" });

/** What may stand inside a `tool_result`. */
export const ToolResultContentParam = z
  .discriminatedUnion("type", [
    TextBlockParam,
    ImageBlockParam,
    SearchResultBlockParam,
    DocumentBlockParam,
    ToolReferenceBlockParam,
    BrowserStateBlockParam,
  ])
  .meta({ id: "ToolResultContentParam" });

export const ToolResultBlockParam = z
  .strictObject({
    type: z.literal("tool_result"),
    tool_use_id: toolId,
    content: z.union([z.string(), z.array(ToolResultContentParam)]).optional(),
    is_error: z.boolean().optional(),
    cache_control: cacheControlField,
    toolset_name: toolsetName,
  })
  .meta({ id: "ToolResultBlockParam" });

/** Every block that a user or assistant message may hold. */
export const ContentBlockParam = z
  .discriminatedUnion("type", [
    TextBlockParam,
    ImageBlockParam,
    DocumentBlockParam,
    SearchResultBlockParam,
    ThinkingBlockParam,
    RedactedThinkingBlockParam,
    ToolUseBlockParam,
    ToolResultBlockParam,
    ...serverToolBlockParams,
  ])
  .meta({ id: "ContentBlockParam" });

const toolReferences = [
  z.strictObject({ type: z.literal("tool_reference"), name: z.string() }),
  z.strictObject({ type: z.literal("mcp_tool_reference"), name: z.string(), server_name: z.string() }),
  z.strictObject({ type: z.literal("mcp_toolset_reference"), server_name: z.string() }),
] as const;

/** Changes the tools in the middle of a conversation; stands in a system message. */
export const ToolAdditionBlockParam = z
  .strictObject({
    type: z.literal("tool_addition"),
    tool: z.discriminatedUnion("type", [
      ...toolReferences,
      z.strictObject({ type: z.literal("tool_definition"), definition: z.looseObject({}) }),
    ]),
    cache_control: cacheControlField,
  })
  .meta({ id: "ToolAdditionBlockParam" });

export const ToolRemovalBlockParam = z
  .strictObject({
    type: z.literal("tool_removal"),
    tool: z.discriminatedUnion("type", [...toolReferences]),
    cache_control: cacheControlField,
  })
  .meta({ id: "ToolRemovalBlockParam" });

export const SystemMessageBlockParam = z
  .discriminatedUnion("type", [TextBlockParam, ToolAdditionBlockParam, ToolRemovalBlockParam])
  .meta({ id: "SystemMessageBlockParam" });

export type TextBlockParam = z.infer<typeof TextBlockParam>;
export type ImageBlockParam = z.infer<typeof ImageBlockParam>;
export type DocumentBlockParam = z.infer<typeof DocumentBlockParam>;
export type SearchResultBlockParam = z.infer<typeof SearchResultBlockParam>;
export type ThinkingBlockParam = z.infer<typeof ThinkingBlockParam>;
export type RedactedThinkingBlockParam = z.infer<typeof RedactedThinkingBlockParam>;
export type ToolUseBlockParam = z.infer<typeof ToolUseBlockParam>;
export type ToolResultContentParam = z.infer<typeof ToolResultContentParam>;
export type ToolResultBlockParam = z.infer<typeof ToolResultBlockParam>;
export type ContentBlockParam = z.infer<typeof ContentBlockParam>;
export type SystemMessageBlockParam = z.infer<typeof SystemMessageBlockParam>;
