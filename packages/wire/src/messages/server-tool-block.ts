import { z } from "zod";
import { Caller } from "./caller.ts";
import { McpToolResultBlock } from "./mcp.ts";

export const ServerToolName = z
  .enum([
    "web_search",
    "web_fetch",
    "tool_search_tool_regex",
    "tool_search_tool_bm25",
    "code_execution",
    "bash_code_execution",
    "text_editor_code_execution",
  ])
  .meta({ id: "ServerToolName" });

export const ServerToolUseBlock = z
  .strictObject({
    type: z.literal("server_tool_use"),
    id: z.string(),
    name: ServerToolName,
    input: z.record(z.string(), z.unknown()),
    caller: Caller,
  })
  .meta({ id: "ServerToolUseBlock" });

export const WebSearchErrorCode = z
  .enum(["invalid_tool_input", "unavailable", "max_uses_exceeded", "too_many_requests", "query_too_long", "request_too_large"])
  .meta({ id: "WebSearchErrorCode" });

export const WebSearchResult = z
  .strictObject({
    type: z.literal("web_search_result"),
    url: z.string(),
    title: z.string(),
    encrypted_content: z.string(),
    page_age: z.string().nullable(),
  })
  .meta({ id: "WebSearchResult" });

export const WebSearchToolResultBlock = z
  .strictObject({
    type: z.literal("web_search_tool_result"),
    tool_use_id: z.string(),
    content: z.union([
      z.array(WebSearchResult),
      z.strictObject({ type: z.literal("web_search_tool_result_error"), error_code: WebSearchErrorCode }),
    ]),
    caller: Caller,
  })
  .meta({ id: "WebSearchToolResultBlock" });

export const WebFetchErrorCode = z
  .enum([
    "invalid_tool_input",
    "url_too_long",
    "url_not_allowed",
    "url_not_in_prior_context",
    "url_not_accessible",
    "unsupported_content_type",
    "too_many_requests",
    "max_uses_exceeded",
    "unavailable",
    "content_too_large",
  ])
  .meta({ id: "WebFetchErrorCode" });

export const WebFetchResult = z
  .strictObject({
    type: z.literal("web_fetch_result"),
    url: z.string(),
    content: z.strictObject({
      type: z.literal("document"),
      source: z.discriminatedUnion("type", [
        z.strictObject({ type: z.literal("base64"), media_type: z.literal("application/pdf"), data: z.string() }),
        z.strictObject({ type: z.literal("text"), media_type: z.literal("text/plain"), data: z.string() }),
      ]),
      title: z.string().nullable(),
      citations: z.strictObject({ enabled: z.boolean() }).nullable(),
    }),
    retrieved_at: z.string().nullable(),
  })
  .meta({ id: "WebFetchResult" });

export const WebFetchToolResultBlock = z
  .strictObject({
    type: z.literal("web_fetch_tool_result"),
    tool_use_id: z.string(),
    content: z.discriminatedUnion("type", [
      WebFetchResult,
      z.strictObject({ type: z.literal("web_fetch_tool_result_error"), error_code: WebFetchErrorCode }),
    ]),
    caller: Caller,
  })
  .meta({ id: "WebFetchToolResultBlock" });

export const ToolSearchErrorCode = z
  .enum(["invalid_tool_input", "unavailable", "too_many_requests", "execution_time_exceeded"])
  .meta({ id: "ToolSearchErrorCode" });

export const ToolSearchToolResultBlock = z
  .strictObject({
    type: z.literal("tool_search_tool_result"),
    tool_use_id: z.string(),
    content: z.discriminatedUnion("type", [
      z.strictObject({
        type: z.literal("tool_search_tool_search_result"),
        tool_references: z.array(z.strictObject({ type: z.literal("tool_reference"), tool_name: z.string() })),
      }),
      z.strictObject({
        type: z.literal("tool_search_tool_result_error"),
        error_code: ToolSearchErrorCode,
        error_message: z.string().nullable(),
      }),
    ]),
  })
  .meta({ id: "ToolSearchToolResultBlock" });

const CODE_ERRORS = ["invalid_tool_input", "unavailable", "too_many_requests", "execution_time_exceeded"] as const;
export const CodeExecutionErrorCode = z.enum(CODE_ERRORS).meta({ id: "CodeExecutionErrorCode" });
export const BashCodeExecutionErrorCode = z
  .enum([...CODE_ERRORS, "output_file_too_large"])
  .meta({ id: "BashCodeExecutionErrorCode" });
export const TextEditorCodeExecutionErrorCode = z
  .enum([...CODE_ERRORS, "file_not_found"])
  .meta({ id: "TextEditorCodeExecutionErrorCode" });

const ran = <Output extends string>(output: Output) => ({
  stdout: z.string(),
  stderr: z.string(),
  return_code: z.int(),
  /** Files that the program made, to be fetched from the Files API. */
  content: z.array(z.strictObject({ type: z.literal(output), file_id: z.string() })),
});

const { stdout: _sealed, ...ranSealed } = ran("code_execution_output");
/** Of a program that searched the web: what it printed may hold what searches carry sealed. */
export const EncryptedCodeExecutionResult = z
  .strictObject({ type: z.literal("encrypted_code_execution_result"), encrypted_stdout: z.string(), ...ranSealed })
  .meta({ id: "EncryptedCodeExecutionResult" });

export const CodeExecutionToolResultBlock = z
  .strictObject({
    type: z.literal("code_execution_tool_result"),
    tool_use_id: z.string(),
    content: z.discriminatedUnion("type", [
      z.strictObject({ type: z.literal("code_execution_result"), ...ran("code_execution_output") }),
      EncryptedCodeExecutionResult,
      z.strictObject({ type: z.literal("code_execution_tool_result_error"), error_code: CodeExecutionErrorCode }),
    ]),
  })
  .meta({ id: "CodeExecutionToolResultBlock" });

export const BashCodeExecutionToolResultBlock = z
  .strictObject({
    type: z.literal("bash_code_execution_tool_result"),
    tool_use_id: z.string(),
    content: z.discriminatedUnion("type", [
      z.strictObject({ type: z.literal("bash_code_execution_result"), ...ran("bash_code_execution_output") }),
      z.strictObject({ type: z.literal("bash_code_execution_tool_result_error"), error_code: BashCodeExecutionErrorCode }),
    ]),
  })
  .meta({ id: "BashCodeExecutionToolResultBlock" });

const maybe = z.int().nullable();

export const TextEditorCodeExecutionViewResult = z
  .strictObject({
    type: z.literal("text_editor_code_execution_view_result"),
    file_type: z.enum(["text", "image", "pdf"]),
    content: z.string(),
    num_lines: maybe,
    start_line: maybe,
    total_lines: maybe,
  })
  .meta({ id: "TextEditorCodeExecutionViewResult" });

export const TextEditorCodeExecutionToolResultBlock = z
  .strictObject({
    type: z.literal("text_editor_code_execution_tool_result"),
    tool_use_id: z.string(),
    content: z.discriminatedUnion("type", [
      TextEditorCodeExecutionViewResult,
      z.strictObject({ type: z.literal("text_editor_code_execution_create_result"), is_file_update: z.boolean() }),
      z.strictObject({
        type: z.literal("text_editor_code_execution_str_replace_result"),
        lines: z.array(z.string()).nullable(),
        old_start: maybe,
        old_lines: maybe,
        new_start: maybe,
        new_lines: maybe,
      }),
      z.strictObject({
        type: z.literal("text_editor_code_execution_tool_result_error"),
        error_code: TextEditorCodeExecutionErrorCode,
        error_message: z.string().nullable(),
      }),
    ]),
  })
  .meta({ id: "TextEditorCodeExecutionToolResultBlock" });

/** The result of a call that the server ran. */
export const ServerToolResultBlock = z
  .discriminatedUnion("type", [
    WebSearchToolResultBlock,
    WebFetchToolResultBlock,
    ToolSearchToolResultBlock,
    CodeExecutionToolResultBlock,
    BashCodeExecutionToolResultBlock,
    TextEditorCodeExecutionToolResultBlock,
    McpToolResultBlock,
  ])
  .meta({ id: "ServerToolResultBlock" });

export type ServerToolName = z.infer<typeof ServerToolName>;
export type ServerToolResultBlock = z.infer<typeof ServerToolResultBlock>;
export type WebSearchErrorCode = z.infer<typeof WebSearchErrorCode>;
export type WebSearchResult = z.infer<typeof WebSearchResult>;
export type WebSearchToolResultBlock = z.infer<typeof WebSearchToolResultBlock>;
export type WebFetchErrorCode = z.infer<typeof WebFetchErrorCode>;
export type WebFetchResult = z.infer<typeof WebFetchResult>;
export type WebFetchToolResultBlock = z.infer<typeof WebFetchToolResultBlock>;
export type ToolSearchErrorCode = z.infer<typeof ToolSearchErrorCode>;
export type ToolSearchToolResultBlock = z.infer<typeof ToolSearchToolResultBlock>;
export type CodeExecutionErrorCode = z.infer<typeof CodeExecutionErrorCode>;
export type CodeExecutionToolResultBlock = z.infer<typeof CodeExecutionToolResultBlock>;
export type BashCodeExecutionErrorCode = z.infer<typeof BashCodeExecutionErrorCode>;
export type BashCodeExecutionToolResultBlock = z.infer<typeof BashCodeExecutionToolResultBlock>;
export type TextEditorCodeExecutionErrorCode = z.infer<typeof TextEditorCodeExecutionErrorCode>;
export type TextEditorCodeExecutionToolResultBlock = z.infer<typeof TextEditorCodeExecutionToolResultBlock>;
