import { z } from "zod";
import { cacheControlField } from "./cache-control.ts";
import { CallerParam } from "./caller.ts";
import { CitationsConfig } from "./citations.ts";
import { McpToolListingBlockParam, McpToolResultBlockParam, McpToolUseBlockParam } from "./mcp.ts";

const toolUseId = z.string().regex(/^[a-zA-Z0-9_-]+$/);
const caller = CallerParam.optional();

export const ServerToolUseBlockParam = z
  .strictObject({
    type: z.literal("server_tool_use"),
    id: toolUseId,
    name: z.enum([
      "web_search",
      "web_fetch",
      "code_execution",
      "bash_code_execution",
      "text_editor_code_execution",
      "tool_search_tool_regex",
      "tool_search_tool_bm25",
      "advisor",
    ]),
    input: z.record(z.string(), z.unknown()),
    caller,
    cache_control: cacheControlField,
  })
  .meta({ id: "ServerToolUseBlockParam" });

const errorOf = <Type extends string>(type: Type) =>
  z.strictObject({ type: z.literal(type), error_code: z.string(), error_message: z.string().nullish() });

export const WebSearchToolResultBlockParam = z
  .strictObject({
    type: z.literal("web_search_tool_result"),
    tool_use_id: toolUseId,
    content: z.union([
      z.array(
        z.strictObject({
          type: z.literal("web_search_result"),
          url: z.string(),
          title: z.string(),
          encrypted_content: z.string(),
          page_age: z.string().nullish(),
        }),
      ),
      errorOf("web_search_tool_result_error"),
    ]),
    caller,
    cache_control: cacheControlField,
  })
  .meta({ id: "WebSearchToolResultBlockParam" });

/** What was fetched. A document of a message may have further sources; a page has these. */
const FetchedDocumentParam = z.strictObject({
  type: z.literal("document"),
  source: z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("base64"), media_type: z.literal("application/pdf"), data: z.string() }),
    z.strictObject({ type: z.literal("text"), media_type: z.literal("text/plain"), data: z.string() }),
  ]),
  title: z.string().nullish(),
  context: z.string().nullish(),
  citations: CitationsConfig.nullish(),
  cache_control: cacheControlField,
});

export const WebFetchToolResultBlockParam = z
  .strictObject({
    type: z.literal("web_fetch_tool_result"),
    tool_use_id: toolUseId,
    content: z.discriminatedUnion("type", [
      z.strictObject({
        type: z.literal("web_fetch_result"),
        url: z.string(),
        content: FetchedDocumentParam,
        retrieved_at: z.string().nullish(),
      }),
      errorOf("web_fetch_tool_result_error"),
    ]),
    caller,
    cache_control: cacheControlField,
  })
  .meta({ id: "WebFetchToolResultBlockParam" });

export const ToolSearchToolResultBlockParam = z
  .strictObject({
    type: z.literal("tool_search_tool_result"),
    tool_use_id: toolUseId,
    content: z.discriminatedUnion("type", [
      z.strictObject({
        type: z.literal("tool_search_tool_search_result"),
        tool_references: z.array(
          z.strictObject({ type: z.literal("tool_reference"), tool_name: z.string(), cache_control: cacheControlField }),
        ),
      }),
      errorOf("tool_search_tool_result_error"),
    ]),
    cache_control: cacheControlField,
  })
  .meta({ id: "ToolSearchToolResultBlockParam" });

const ranParam = <Output extends string>(output: Output) => ({
  stdout: z.string(),
  stderr: z.string(),
  return_code: z.int(),
  content: z.array(z.strictObject({ type: z.literal(output), file_id: z.string() })),
});

const { stdout: _sealed, ...ranSealedParam } = ranParam("code_execution_output");

export const CodeExecutionToolResultBlockParam = z
  .strictObject({
    type: z.literal("code_execution_tool_result"),
    tool_use_id: toolUseId,
    content: z.discriminatedUnion("type", [
      z.strictObject({ type: z.literal("code_execution_result"), ...ranParam("code_execution_output") }),
      z.strictObject({
        type: z.literal("encrypted_code_execution_result"),
        encrypted_stdout: z.string(),
        ...ranSealedParam,
      }),
      errorOf("code_execution_tool_result_error"),
    ]),
    cache_control: cacheControlField,
  })
  .meta({ id: "CodeExecutionToolResultBlockParam" });

export const BashCodeExecutionToolResultBlockParam = z
  .strictObject({
    type: z.literal("bash_code_execution_tool_result"),
    tool_use_id: toolUseId,
    content: z.discriminatedUnion("type", [
      z.strictObject({ type: z.literal("bash_code_execution_result"), ...ranParam("bash_code_execution_output") }),
      errorOf("bash_code_execution_tool_result_error"),
    ]),
    cache_control: cacheControlField,
  })
  .meta({ id: "BashCodeExecutionToolResultBlockParam" });

const maybe = z.int().nullish();

export const TextEditorCodeExecutionToolResultBlockParam = z
  .strictObject({
    type: z.literal("text_editor_code_execution_tool_result"),
    tool_use_id: toolUseId,
    content: z.discriminatedUnion("type", [
      z.strictObject({
        type: z.literal("text_editor_code_execution_view_result"),
        file_type: z.enum(["text", "image", "pdf"]),
        content: z.string(),
        num_lines: maybe,
        start_line: maybe,
        total_lines: maybe,
      }),
      z.strictObject({ type: z.literal("text_editor_code_execution_create_result"), is_file_update: z.boolean() }),
      z.strictObject({
        type: z.literal("text_editor_code_execution_str_replace_result"),
        lines: z.array(z.string()).nullish(),
        old_start: maybe,
        old_lines: maybe,
        new_start: maybe,
        new_lines: maybe,
      }),
      errorOf("text_editor_code_execution_tool_result_error"),
    ]),
    cache_control: cacheControlField,
  })
  .meta({ id: "TextEditorCodeExecutionToolResultBlockParam" });

/** A file that is put into the container where code runs. */
export const ContainerUploadBlockParam = z
  .strictObject({ type: z.literal("container_upload"), file_id: z.string(), cache_control: cacheControlField })
  .meta({ id: "ContainerUploadBlockParam" });

/*
 * Further blocks of features that run on the server. They are known here by shape, so that a request which holds them is told
 * which feature is missing rather than that its block is unknown; the feature's own issue makes each shape strict.
 */

const toolResult = <Type extends string>(type: Type) =>
  z.looseObject({ type: z.literal(type), tool_use_id: z.string(), content: z.unknown(), cache_control: cacheControlField });

/** What came before it, in words; without content the attempt failed, and it says nothing. */
const CompactionBlockParam = z
  .strictObject({
    type: z.literal("compaction"),
    content: z.string().min(1).nullish(),
    encrypted_content: z.string().nullish(),
    signature: z.string().nullish(),
    tool_changes: z.array(z.unknown()).nullish(),
    cache_control: cacheControlField,
  })
  .meta({ id: "CompactionBlockParam" });

/** Members of `ContentBlockParam`. */
export const serverToolBlockParams = [
  ServerToolUseBlockParam,
  WebSearchToolResultBlockParam,
  WebFetchToolResultBlockParam,
  ToolSearchToolResultBlockParam,
  McpToolUseBlockParam,
  McpToolResultBlockParam,
  CodeExecutionToolResultBlockParam,
  BashCodeExecutionToolResultBlockParam,
  TextEditorCodeExecutionToolResultBlockParam,
  ContainerUploadBlockParam,
  toolResult("advisor_tool_result"),
  McpToolListingBlockParam,
  CompactionBlockParam,
  z.looseObject({ type: z.literal("fallback") }),
] as const;

export type CompactionBlockParam = z.infer<typeof CompactionBlockParam>;
export type ServerToolUseBlockParam = z.infer<typeof ServerToolUseBlockParam>;
export type WebSearchToolResultBlockParam = z.infer<typeof WebSearchToolResultBlockParam>;
export type WebFetchToolResultBlockParam = z.infer<typeof WebFetchToolResultBlockParam>;
export type ToolSearchToolResultBlockParam = z.infer<typeof ToolSearchToolResultBlockParam>;
export type CodeExecutionToolResultBlockParam = z.infer<typeof CodeExecutionToolResultBlockParam>;
export type BashCodeExecutionToolResultBlockParam = z.infer<typeof BashCodeExecutionToolResultBlockParam>;
export type TextEditorCodeExecutionToolResultBlockParam = z.infer<typeof TextEditorCodeExecutionToolResultBlockParam>;
export type ContainerUploadBlockParam = z.infer<typeof ContainerUploadBlockParam>;
/** Those types of block: the results of calls that the server answered. */
export const SERVER_TOOL_RESULTS: readonly ServerToolResultBlockParam["type"][] = [
  "web_search_tool_result",
  "web_fetch_tool_result",
  "tool_search_tool_result",
  "code_execution_tool_result",
  "bash_code_execution_tool_result",
  "text_editor_code_execution_tool_result",
  "mcp_tool_result",
];

/** The results that a server tool's call can have. */
export type ServerToolResultBlockParam =
  | WebSearchToolResultBlockParam
  | WebFetchToolResultBlockParam
  | ToolSearchToolResultBlockParam
  | CodeExecutionToolResultBlockParam
  | BashCodeExecutionToolResultBlockParam
  | TextEditorCodeExecutionToolResultBlockParam
  | McpToolResultBlockParam;
