import { ToolSearchErrorCode, type ToolSearchToolParam, type ToolSearchToolResultBlock } from "@parley/wire";
import type { ToolSpec } from "../../turn/turn.ts";
import { type ServerTool, type ServerToolCall, ServerToolError } from "../server-tool.ts";
import { rankByWords } from "./rank-by-words.ts";
import { matchByRegex } from "./match-by-regex.ts";

const RESULTS_DEFAULT = 5;
const RESULTS_MAX = 20;
const PATTERN_MAX_CHARACTERS = 200;
const QUERY_MAX_CHARACTERS = 500;

/** Finds tools that a request declares and does not show: by a regular expression, or by words. */
export function createToolSearch(by: "regex" | "words"): ServerTool<ToolSearchToolParam> {
  return {
    counts: null,
    async run({ id, input, turn }): Promise<ToolSearchToolResultBlock> {
      const tools = turn.deferredTools ?? [];
      const found = by === "regex" ? searchByRegex(tools, input) : searchByWords(tools, input);
      const references = found.slice(0, limitOf(input)).map(({ name }) => ({ type: "tool_reference" as const, tool_name: name }));
      return {
        type: "tool_search_tool_result",
        tool_use_id: id,
        content: { type: "tool_search_tool_search_result", tool_references: references },
      };
    },
    error: (id, code): ToolSearchToolResultBlock => ({
      type: "tool_search_tool_result",
      tool_use_id: id,
      content: {
        type: "tool_search_tool_result_error",
        error_code: ToolSearchErrorCode.catch("unavailable").parse(code),
        error_message: null,
      },
    }),
  };
}

function searchByRegex(tools: readonly ToolSpec[], { pattern }: ServerToolCall["input"]): readonly ToolSpec[] {
  if (typeof pattern !== "string" || pattern === "" || pattern.length > PATTERN_MAX_CHARACTERS) {
    throw new ServerToolError("invalid_tool_input", `a pattern must have 1 to ${PATTERN_MAX_CHARACTERS} characters`);
  }
  return matchByRegex(tools, pattern, searchableText);
}

function searchByWords(tools: readonly ToolSpec[], { query }: ServerToolCall["input"]): readonly ToolSpec[] {
  if (typeof query !== "string" || query.trim() === "" || query.length > QUERY_MAX_CHARACTERS) {
    throw new ServerToolError("invalid_tool_input", `a query must have 1 to ${QUERY_MAX_CHARACTERS} characters`);
  }
  return rankByWords(tools, query, searchableText);
}

function limitOf({ limit }: ServerToolCall["input"]): number {
  return typeof limit === "number" && limit >= 1 ? Math.min(Math.floor(limit), RESULTS_MAX) : RESULTS_DEFAULT;
}

/** Name, description, and the names and descriptions of the parameters, as the platform has it. */
function searchableText({ name, description, inputSchema }: ToolSpec): string {
  const properties = Object.entries(
    (inputSchema["properties"] ?? {}) as Readonly<Record<string, { description?: unknown } | null>>,
  );
  const parameters = properties.map(([key, value]) =>
    typeof value?.description === "string" ? `${key}: ${value.description}` : key,
  );
  return [name, description ?? "", ...parameters].join("\n");
}
