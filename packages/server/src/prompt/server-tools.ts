import type { CodeExecutionToolParam, ServerToolName, ServerToolParam, ToolParam } from "@parley/wire";
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

const RUN_PYTHON: ClientTool = {
  description:
    "Runs a Python program in a sandbox without network and returns what it prints. Use it to compute, to read and change files, and to draw charts. Files that the user uploaded stand in the working folder under their names; files that the program writes there go to the user. Files stay between calls, variables do not.",
  inputSchema: {
    type: "object",
    properties: { code: { type: "string", description: "A whole program. Only what it prints is returned." } },
    required: ["code"],
    additionalProperties: false,
  },
};

const RUN_BASH: ClientTool = {
  description:
    "Runs a command of bash in a sandbox without network and returns what it prints. Python 3 is there as python3. Files that the user uploaded stand in the working folder under their names; files that the command writes there go to the user. Files stay between calls; processes and the shell's own state do not.",
  inputSchema: {
    type: "object",
    properties: { command: { type: "string", description: "The command, or several lines of them" } },
    required: ["command"],
    additionalProperties: false,
  },
};

const EDIT_FILES: ClientTool = {
  description:
    "Shows, writes and changes text files in the sandbox. `view` shows a file with its lines, or lists a folder; `create` writes a whole file; `str_replace` replaces one passage, which must stand in the file exactly once.",
  inputSchema: {
    type: "object",
    properties: {
      command: { type: "string", enum: ["view", "create", "str_replace"] },
      path: { type: "string", description: "Of the file, in the working folder or absolute" },
      view_range: {
        type: "array",
        items: { type: "integer" },
        description: "For view: the first and the last line to show; -1 is the file's end",
      },
      file_text: { type: "string", description: "For create: the whole text" },
      old_str: { type: "string", description: "For str_replace: the passage" },
      new_str: { type: "string", description: "For str_replace: what stands in its place" },
    },
    required: ["command", "path"],
    additionalProperties: false,
  },
};

const SERVER_TOOLS: Readonly<Record<ServerToolName, ClientTool>> = {
  web_search: WEB_SEARCH,
  web_fetch: WEB_FETCH,
  tool_search_tool_regex: SEARCH_BY_REGEX,
  tool_search_tool_bm25: SEARCH_BY_WORDS,
  code_execution: RUN_PYTHON,
  bash_code_execution: RUN_BASH,
  text_editor_code_execution: EDIT_FILES,
};

/** What stands behind a `code_execution` of every date but the first. */
const CODE_EXECUTION_PARTS = ["bash_code_execution", "text_editor_code_execution"] as const;

/** Every dated type of a tool that this server runs itself. */
const TYPES = /^(web_search|web_fetch|tool_search_tool_regex|tool_search_tool_bm25|code_execution)(_\d{8})?$/;

/** Whether the server itself runs a tool of a request. */
export function isServerTool(tool: ToolParam): tool is ServerToolParam {
  return isServerToolType(tool.type);
}

export function isServerToolType(type: string | null | undefined): boolean {
  return typeof type === "string" && TYPES.test(type);
}

/** Whether the server itself answers calls of this name, as they stand in a reply. */
export function isServerToolName(name: string): boolean {
  return name in SERVER_TOOLS;
}

export function isCodeExecution(tool: ToolParam): tool is CodeExecutionToolParam {
  return typeof tool.type === "string" && tool.type.startsWith("code_execution_");
}

/** Whether the model is offered others in the place of the tool that the request defines. */
export function hasParts(tool: ToolParam): boolean {
  return isCodeExecution(tool) && tool.type !== "code_execution_20250522";
}

/** The names under which the model calls a tool that the server runs: mostly the one that the request gives it. */
export function serverToolNames(tool: ServerToolParam): readonly ServerToolName[] {
  return hasParts(tool) ? CODE_EXECUTION_PARTS : [tool.name];
}

/** What the model is told of a tool that the server runs. */
export function serverTool(name: ServerToolName): ClientTool {
  return SERVER_TOOLS[name];
}
