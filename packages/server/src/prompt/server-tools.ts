import type { ServerToolParam, ToolParam } from "@parley/wire";
import type { ClientTool } from "./client-tools/client-tool.ts";

const WEB_SEARCH: ClientTool = {
  description:
    "Searches the web and returns pages with their titles, addresses and text. Use it for facts that you do not know or that may have changed since your training. One call makes one search.",
  inputSchema: {
    type: "object",
    properties: { query: { type: "string", description: "The words to search for" } },
    required: ["query"],
    additionalProperties: false,
  },
};

const WEB_FETCH: ClientTool = {
  description:
    "Reads the page or document at an address. Only addresses that stand in the conversation already can be fetched: those that the user wrote, and those in results of tools.",
  inputSchema: {
    type: "object",
    properties: { url: { type: "string", description: "The whole address, with http or https" } },
    required: ["url"],
    additionalProperties: false,
  },
};

const limit = { type: "integer", description: "The most tools to return, 5 by default" };

const SEARCH_BY_REGEX: ClientTool = {
  description:
    "Finds further tools that are not shown yet, by a regular expression over their names, descriptions and parameters. The tools that it returns can be called from then on. Search when no tool that you have does what is asked.",
  inputSchema: {
    type: "object",
    properties: {
      pattern: { type: "string", description: "A regular expression, at most 200 characters; case does not matter" },
      limit,
    },
    required: ["pattern"],
    additionalProperties: false,
  },
};

const SEARCH_BY_WORDS: ClientTool = {
  description:
    "Finds further tools that are not shown yet, by words that describe what is to be done. The tools that it returns can be called from then on. Search when no tool that you have does what is asked.",
  inputSchema: {
    type: "object",
    properties: { query: { type: "string", description: "What the tool should do, in a few words" }, limit },
    required: ["query"],
    additionalProperties: false,
  },
};

const SERVER_TOOLS: Readonly<Record<ServerToolParam["name"], ClientTool>> = {
  web_search: WEB_SEARCH,
  web_fetch: WEB_FETCH,
  tool_search_tool_regex: SEARCH_BY_REGEX,
  tool_search_tool_bm25: SEARCH_BY_WORDS,
};

/** Every dated type of a tool that this server runs itself. */
const TYPES = /^(web_search|web_fetch|tool_search_tool_regex|tool_search_tool_bm25)(_\d{8})?$/;

/** Whether the server itself runs a tool of a request. */
export function isServerTool(tool: ToolParam): tool is ServerToolParam {
  return isServerToolType(tool.type);
}

export function isServerToolType(type: string | null | undefined): boolean {
  return typeof type === "string" && TYPES.test(type);
}

/** What the model is told of a tool that the server runs. */
export function serverTool({ name }: ServerToolParam): ClientTool {
  return SERVER_TOOLS[name];
}
