import type {
  McpToolResultBlockParam,
  ServerToolResultBlockParam,
  TextEditorCodeExecutionToolResultBlockParam,
} from "@parley/wire";
import type { Citable, DocumentBlock, TextBlock, ToolDefinitionBlock, ToolResultBlock } from "../turn/turn.ts";
import { refusal } from "./refuse.ts";

/** What stands above each page of a PDF that was fetched. */
export const pageHeading = (page: number): string => `[Page ${page}]\n`;

export interface ServerResultReader {
  /** What was sealed for this workspace; null for anything else. */
  open(sealed: string): string | null;
  /** The next place among the pages that searches found. */
  nextFoundPage(): number;
  /** The next place among the conversation's documents. */
  nextDocument(): number;
  /** The definition of a tool that a search found, or a word where the model has that already. */
  load(name: string): ToolDefinitionBlock | TextBlock;
}

/**
 * A call that the server ran has `srvtoolu_` for its client and `toolu_` for the model: what the model wrote is then found
 * again, tokens and all, when the client sends the reply back.
 */
export function toModelCallId(id: string): string {
  const prefix = [SERVER_PREFIX, MCP_PREFIX].find((each) => id.startsWith(each));
  return prefix === undefined ? id : `${MODEL_PREFIX}${id.slice(prefix.length)}`;
}

export function toServerCallId(id: string): string {
  return `${SERVER_PREFIX}${withoutModelPrefix(id)}`;
}

/** The same for a call that an MCP server runs. */
export function toMcpCallId(id: string): string {
  return `${MCP_PREFIX}${withoutModelPrefix(id)}`;
}

function withoutModelPrefix(id: string): string {
  return id.startsWith(MODEL_PREFIX) ? id.slice(MODEL_PREFIX.length) : id;
}

const SERVER_PREFIX = "srvtoolu_";
const MCP_PREFIX = "mcptoolu_";
const MODEL_PREFIX = "toolu_";

/** The result of a server tool as the model reads it: fresh from the tool, and from a client that sends it back. */
export function toServerToolResult(
  block: ServerToolResultBlockParam,
  path: readonly (string | number)[],
  reader: ServerResultReader,
): ToolResultBlock {
  const result = (content: ToolResultBlock["content"], isError = false): ToolResultBlock => ({
    type: "tool_result",
    toolUseId: toModelCallId(block.tool_use_id),
    isError,
    content,
    ...(block.cache_control ? { cacheTtl: block.cache_control.ttl ?? "5m" } : {}),
  });
  if (block.type === "mcp_tool_result") return result(toTexts(block.content), block.is_error ?? false);
  const { content } = block;
  if ("error_code" in content) {
    const said = "error_message" in content && content.error_message ? ` ${content.error_message}` : "";
    return result([text(`${ERROR_TEXTS[content.error_code] ?? `The call failed: ${content.error_code}.`}${said}`)], true);
  }
  switch (block.type) {
    case "web_search_tool_result": {
      const results = block.content as Exclude<typeof block.content, { error_code: string }>;
      if (results.length === 0) return result([text("Nothing was found.")]);
      return result(
        results.map((each, index): DocumentBlock => {
          const opened = reader.open(each.encrypted_content);
          if (opened === null) {
            throw refusal({
              path: [...path, block.type, "content", index],
              text: "Invalid `encrypted_content` in `search_result` block",
            });
          }
          return {
            type: "document",
            title: each.title,
            context: each.page_age ?? null,
            source: each.url,
            text: opened,
            citable: { unit: "web-search-page", index: reader.nextFoundPage(), texts: [opened], fileId: null },
          };
        }),
      );
    }
    case "web_fetch_tool_result": {
      const fetched = block.content as Extract<typeof block.content, { type: "web_fetch_result" }>;
      const { source, title = null, context = null, citations } = fetched.content;
      if (source.type !== "text") {
        throw refusal({
          path: [...path, block.type, "content", "content", "source"],
          text: "this model does not support PDF input",
        });
      }
      return result([
        {
          type: "document",
          title,
          context,
          source: fetched.url,
          text: source.data,
          ...(citations?.enabled ? { citable: { ...toPlaces(source.data), index: reader.nextDocument(), fileId: null } } : {}),
        },
      ]);
    }
    case "tool_search_tool_result": {
      const found = block.content as Extract<typeof block.content, { type: "tool_search_tool_search_result" }>;
      if (found.tool_references.length === 0) return result([text("No tool was found. Try other words.")]);
      return result(found.tool_references.map(({ tool_name: name }) => reader.load(name)));
    }
    case "code_execution_tool_result":
    case "bash_code_execution_tool_result": {
      const ran = block.content as Exclude<typeof block.content, { error_code: string }>;
      const stdout = "encrypted_stdout" in ran ? reader.open(ran.encrypted_stdout) : ran.stdout;
      if (stdout === null) {
        const at = [...path, block.type, "content", "encrypted_stdout"];
        throw refusal({ path: at, text: "Invalid `encrypted_stdout` in `encrypted_code_execution_result` block" });
      }
      return result([text(toRunText({ ...ran, stdout }))], ran.return_code !== 0);
    }
    case "text_editor_code_execution_tool_result":
      return result([text(toEditText(block.content as Exclude<typeof block.content, { error_code: string }>))]);
    default:
      throw new TypeError(`no such result: ${JSON.stringify(block satisfies never)}`);
  }
}

/** A PDF that was fetched is its pages, each under its number; whatever else begins so may be cited so. */
function toPlaces(text: string): Pick<Citable, "unit" | "texts"> {
  const pages: string[] = [];
  let rest = text;
  while (rest.startsWith(pageHeading(pages.length + 1))) {
    const begin = pageHeading(pages.length + 1).length;
    const next = rest.indexOf(`\n\n${pageHeading(pages.length + 2)}`, begin);
    pages.push(next < 0 ? rest.slice(begin) : rest.slice(begin, next));
    rest = next < 0 ? "" : rest.slice(next + 2);
  }
  return pages.length === 0 ? { unit: "characters", texts: [text] } : { unit: "page", texts: pages };
}

/** What a program printed, and what else of it a model can act on. */
function toRunText(ran: {
  readonly stdout: string;
  readonly stderr: string;
  readonly return_code: number;
  readonly content: readonly { readonly file_id: string }[];
}): string {
  const parts = [ran.stdout.trimEnd()];
  if (ran.stderr.trim() !== "") parts.push(`[stderr]\n${ran.stderr.trimEnd()}`);
  if (ran.return_code !== 0) parts.push(`[It ended with return code ${ran.return_code}.]`);
  // Not by their ids, which are the client's: a small model takes them for names and opens them.
  const files = ran.content.length === 1 ? "The file that it wrote has" : `The ${ran.content.length} files that it wrote have`;
  if (ran.content.length > 0) parts.push(`[${files} been given to the user.]`);
  const said = parts.filter((part) => part !== "").join("\n");
  return said === "" ? "[It ended well and printed nothing.]" : said;
}

function toEditText(
  edit: Exclude<TextEditorCodeExecutionToolResultBlockParam["content"], { readonly error_code: string }>,
): string {
  switch (edit.type) {
    case "text_editor_code_execution_view_result": {
      const { start_line: first, num_lines: shown, total_lines: total } = edit;
      const part = first && shown && total && shown < total ? `\n[Lines ${first} to ${first + shown - 1} of ${total}]` : "";
      return `${edit.content}${part}` === "" ? "[The file is empty.]" : `${edit.content}${part}`;
    }
    case "text_editor_code_execution_create_result":
      return edit.is_file_update ? "The file was there and has been replaced." : "The file has been made.";
    case "text_editor_code_execution_str_replace_result":
      return ["The file has been changed:", ...(edit.lines ?? [])].join("\n");
    default:
      throw new TypeError(`no such result: ${JSON.stringify(edit satisfies never)}`);
  }
}

/** What an MCP server said; it may have said nothing. */
function toTexts(content: McpToolResultBlockParam["content"]): TextBlock[] {
  const texts = typeof content === "string" ? [content] : (content ?? []).map((each) => each.text);
  const said = texts.filter((each) => each !== "").map(text);
  return said.length === 0 ? [text("(The tool returned nothing.)")] : said;
}

/** What a model can act on; a code alone tells a small one nothing. */
const ERROR_TEXTS: Readonly<Record<string, string>> = {
  invalid_tool_input: "The call failed: its input is not valid.",
  unavailable: "The call failed: this tool is not available now. Answer without it.",
  max_uses_exceeded: "The call failed: this tool may not be used again in this reply. Answer with what you have.",
  too_many_requests: "The call failed: too many requests. Answer without it.",
  query_too_long: "The call failed: the query is too long.",
  request_too_large: "The call failed: the request is too large.",
  url_too_long: "The call failed: the address is too long.",
  url_not_allowed: "The call failed: this address may not be fetched.",
  url_not_in_prior_context: "The call failed: only addresses that stand in the conversation can be fetched.",
  url_not_accessible: "The call failed: nothing answers at this address.",
  unsupported_content_type: "The call failed: what stands at this address is no text.",
  content_too_large: "The call failed: what stands at this address is too large.",
  execution_time_exceeded: "The call failed: it took too long.",
  output_file_too_large: "The call failed: it wrote a file that is too large to be given to the user.",
  file_not_found: "The call failed: there is no such file.",
};

function text(value: string): TextBlock {
  return { type: "text", text: value };
}
