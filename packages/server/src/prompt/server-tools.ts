import type { CodeExecutionToolParam, ProgramCaller, ServerToolName, ServerToolParam, ToolParam } from "@parley/wire";
import type { ToolSpec } from "../turn/turn.ts";
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

/** Whether programs can call a tool that the server runs, by its dated type. */
export function isWebTool(type: string): boolean {
  return /^web_(search|fetch)_2026/.test(type);
}

/** Whether programs may call a tool; whoever runs it else still does. */
export function isCalledFromCode(tool: ToolParam): boolean {
  return callersOf(tool).some((caller) => caller !== "direct");
}

/** Whether the model itself may call a tool. */
export function isCalledDirectly(tool: ToolParam): boolean {
  return !isCalledFromCode(tool) || callersOf(tool).includes("direct");
}

function callersOf(tool: ToolParam): readonly unknown[] {
  return "allowed_callers" in tool && Array.isArray(tool.allowed_callers) ? tool.allowed_callers : [];
}

/** Whether the model is offered others in the place of the tool that the request defines. */
export function hasParts(tool: ToolParam): boolean {
  return isCodeExecution(tool) && tool.type !== "code_execution_20250522";
}

/**
 * The names under which the model calls a tool that the server runs: mostly the one that the request gives it. Where programs
 * may call tools, whole programs come first.
 */
export function serverToolNames(tool: ServerToolParam, tools: readonly ToolParam[]): readonly ServerToolName[] {
  if (!hasParts(tool)) return [tool.name];
  return tools.some(isCalledFromCode) ? ["code_execution", ...CODE_EXECUTION_PARTS] : CODE_EXECUTION_PARTS;
}

/** What the model is told of a tool that the server runs. */
export function serverTool(name: ServerToolName, programTools: readonly ToolSpec[]): ClientTool {
  const tool = SERVER_TOOLS[name];
  if (name !== "code_execution" || programTools.length === 0) return tool;
  const functions = programTools.map(toFunction).join("\n");
  return { ...tool, description: `${tool.description} ${PROGRAM_FUNCTIONS}\n${functions}` };
}

/** What a program calls a tool by; null where that would be no name of Python's. */
export function toFunctionName(tool: string): string | null {
  const name = tool.replaceAll("-", "_");
  return /^[A-Za-z_]\w*$/.test(name) && !PYTHON_KEYWORDS.has(name) ? name : null;
}

const PYTHON_KEYWORDS: ReadonlySet<string> = new Set(
  (
    "False None True and as assert async await break class continue def del elif else except finally for from global if import " +
    "in is lambda nonlocal not or pass raise return try while with yield"
  ).split(" "),
);

/** Who calls, where a program of a tool's call does. Clients know no later caller than that of 2026-01-20. */
export function toProgramCaller({ type }: ServerToolParam, callId: string): ProgramCaller {
  return { type: type === "code_execution_20250825" ? type : "code_execution_20260120", tool_id: callId };
}

const PROGRAM_FUNCTIONS =
  "The program has the functions below, which exist nowhere else. Each is asynchronous, takes its parameters by name and returns a string: `text = await name(parameter=value)` at the top level of the program. Several at once: `await asyncio.gather(…)`. Print what you need to know of their results.";

/** What programs are given by tools that the server runs: see `to-program-answer.ts`. */
const RETURNED: Readonly<Record<string, string>> = {
  web_search: " Returns a JSON list of { title, url, page_age, text }.",
  web_fetch: " Returns JSON: { title, url, text }.",
};

function toFunction({ name, description, inputSchema }: ToolSpec): string {
  const { properties = {}, required = [] } = inputSchema as { properties?: object; required?: readonly string[] };
  const parameters = Object.keys(properties).map((each) => (required.includes(each) ? each : `${each}=None`));
  const head = `- await ${toFunctionName(name) ?? name}(${parameters.join(", ")}) -> str`;
  const returned = RETURNED[name] ?? "";
  return `${head}${description === null ? "" : `: ${description}`}${returned} Parameters: ${JSON.stringify(properties)}`;
}
