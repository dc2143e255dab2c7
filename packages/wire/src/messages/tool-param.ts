import { z } from "zod";
import { cacheControlField } from "./cache-control.ts";
import { CitationsConfig } from "./citations.ts";
import { McpToolset } from "./mcp.ts";
import { BrowserToolset, ComputerToolset } from "./toolset.ts";

export const TOOL_NAME_PATTERN = /^[a-zA-Z0-9_-]{1,128}$/;

const common = {
  allowed_callers: z
    .array(z.enum(["direct", "code_execution_20250825", "code_execution_20260120", "code_execution_20260521"]))
    .optional(),
  cache_control: cacheControlField,
  defer_loading: z.boolean().optional(),
  strict: z.boolean().optional(),
};
const inputExamples = { input_examples: z.array(z.record(z.string(), z.unknown())).optional() };

export const CustomTool = z
  .strictObject({
    type: z.literal("custom").nullish(),
    name: z.string().regex(TOOL_NAME_PATTERN),
    description: z.string().optional(),
    input_schema: z.looseObject({
      type: z.literal("object"),
      properties: z.record(z.string(), z.unknown()).nullish(),
      required: z.array(z.string()).nullish(),
    }),
    eager_input_streaming: z.boolean().nullish(),
    ...inputExamples,
    ...common,
  })
  .meta({ id: "CustomTool" });

/** An Anthropic tool that the client runs: the name is fixed and the platform knows its schema. */
const clientTool = <Type extends string, Name extends string>(type: Type, name: Name) =>
  z.strictObject({ type: z.literal(type), name: z.literal(name), ...inputExamples, ...common });

const screen = {
  display_width_px: z.int().min(1),
  display_height_px: z.int().min(1),
  display_number: z.int().min(0).nullish(),
};

const uses = { max_uses: z.int().min(1).nullish() };
const domains = {
  allowed_domains: z.array(z.string().min(1)).nullish(),
  blocked_domains: z.array(z.string().min(1)).nullish(),
};
const responseInclusion = { response_inclusion: z.enum(["full", "excluded"]).optional() };

export const UserLocation = z
  .strictObject({
    type: z.literal("approximate"),
    city: z.string().min(1).max(255).nullish(),
    region: z.string().min(1).max(255).nullish(),
    country: z
      .string()
      .regex(/^[A-Za-z]{2}$/)
      .nullish(),
    timezone: z.string().min(1).max(255).nullish(),
  })
  .meta({ id: "UserLocation" });

const webSearch = <Type extends string>(type: Type) =>
  z.strictObject({
    type: z.literal(type),
    name: z.literal("web_search"),
    user_location: UserLocation.nullish(),
    ...uses,
    ...domains,
    ...common,
  });

const none = z.strictObject({ type: z.literal("none") });
const all = z.strictObject({ type: z.literal("all") });
const toolReferences = z.array(z.strictObject({ type: z.literal("tool_reference"), name: z.string() }));
const toolFilter = z.discriminatedUnion("type", [
  all,
  none,
  z.strictObject({ type: z.literal("only"), tools: toolReferences }),
  z.strictObject({ type: z.literal("except"), tools: toolReferences }),
]);

export const WebFetchUrlSources = z
  .strictObject({
    user_input: z.discriminatedUnion("type", [all, none]).optional(),
    client_tool_results: toolFilter.optional(),
    server_tool_results: toolFilter.optional(),
  })
  .meta({ id: "WebFetchUrlSources" });

const webFetch = <Type extends string>(type: Type) =>
  z.strictObject({
    type: z.literal(type),
    name: z.literal("web_fetch"),
    citations: CitationsConfig.nullish(),
    max_content_tokens: z.int().min(1).nullish(),
    url_sources: WebFetchUrlSources.nullish(),
    ...uses,
    ...domains,
    ...common,
  });
const useCache = { use_cache: z.boolean().optional() };

const toolSearch = <Type extends string, Name extends string>(type: Type, name: Name) =>
  z.strictObject({ type: z.literal(type), name: z.literal(name), ...common });

/** Programs in a sandbox of the server's: in Python (2025-05-22), or by a shell and an editor of files (all later ones). */
const codeExecution = <Type extends string>(type: Type) =>
  z.strictObject({ type: z.literal(type), name: z.literal("code_execution"), ...common });

/** A tool that the platform runs on its servers: known by shape. */
const otherTool = <Type extends string>(type: Type) =>
  z.looseObject({ type: z.literal(type), name: z.string().optional(), cache_control: cacheControlField });

export const ToolParam = z
  .discriminatedUnion("type", [
    CustomTool,
    clientTool("bash_20241022", "bash"),
    clientTool("bash_20250124", "bash"),
    clientTool("text_editor_20241022", "str_replace_editor"),
    clientTool("text_editor_20250124", "str_replace_editor"),
    clientTool("text_editor_20250429", "str_replace_based_edit_tool"),
    clientTool("text_editor_20250728", "str_replace_based_edit_tool").extend({ max_characters: z.int().min(1).nullish() }),
    clientTool("memory_20250818", "memory"),
    clientTool("computer_20241022", "computer").extend(screen),
    clientTool("computer_20250124", "computer").extend(screen),
    clientTool("computer_20251124", "computer").extend({ ...screen, enable_zoom: z.boolean().optional() }),
    ComputerToolset,
    BrowserToolset,
    webSearch("web_search_20250305"),
    webSearch("web_search_20260209"),
    webSearch("web_search_20260318").extend(responseInclusion),
    webFetch("web_fetch_20250910"),
    webFetch("web_fetch_20260209"),
    webFetch("web_fetch_20260309").extend(useCache),
    webFetch("web_fetch_20260318").extend({ ...useCache, ...responseInclusion }),
    codeExecution("code_execution_20250522"),
    codeExecution("code_execution_20250825"),
    codeExecution("code_execution_20260120"),
    codeExecution("code_execution_20260521"),
    toolSearch("tool_search_tool_regex", "tool_search_tool_regex"),
    toolSearch("tool_search_tool_regex_20251119", "tool_search_tool_regex"),
    toolSearch("tool_search_tool_bm25", "tool_search_tool_bm25"),
    toolSearch("tool_search_tool_bm25_20251119", "tool_search_tool_bm25"),
    otherTool("advisor_20260301"),
    McpToolset,
  ])
  .meta({ id: "ToolParam" });

const parallel = { disable_parallel_tool_use: z.boolean().optional() };

export const ToolChoiceParam = z
  .discriminatedUnion("type", [
    z.strictObject({ type: z.literal("auto"), ...parallel }),
    z.strictObject({ type: z.literal("any"), ...parallel }),
    z.strictObject({ type: z.literal("tool"), name: z.string(), ...parallel }),
    z.strictObject({ type: z.literal("none") }),
  ])
  .meta({ id: "ToolChoiceParam" });

export type CustomTool = z.infer<typeof CustomTool>;
export type ToolParam = z.infer<typeof ToolParam>;
export type ToolChoiceParam = z.infer<typeof ToolChoiceParam>;

/** By which a model calls it; a set of tools has none. */
export function toolName(tool: ToolParam): string | undefined {
  return "name" in tool && typeof tool.name === "string" ? tool.name : undefined;
}

/** A tool that the server runs itself, as a request defines it. */
export type WebSearchToolParam = Extract<ToolParam, { name: "web_search" }>;
export type WebFetchToolParam = Extract<ToolParam, { name: "web_fetch" }>;
export type ToolSearchToolParam = Extract<ToolParam, { name: "tool_search_tool_regex" | "tool_search_tool_bm25" }>;
export type CodeExecutionToolParam = Extract<ToolParam, { name: "code_execution" }>;
export type ServerToolParam = WebSearchToolParam | WebFetchToolParam | ToolSearchToolParam | CodeExecutionToolParam;
