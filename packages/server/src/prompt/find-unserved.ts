import {
  type CodeExecutionToolParam,
  type CountTokensRequest,
  isToolset,
  type ModelCapabilities,
  type Problem,
  toolName,
  type ToolParam,
} from "@parley/wire";
import {
  hasParts,
  isCalledFromCode,
  isCodeExecution,
  isServerToolName,
  isServerToolType,
  isWebTool,
  serverToolNames,
  toFunctionName,
} from "./server-tools.ts";
import { clientTool } from "./client-tools/index.ts";

type Path = readonly (string | number)[];
type Loose = Readonly<Record<string, unknown>>;

/**
 * The first thing in a well-formed request that this server does not do (yet). Promise 2: nothing is dropped in silence,
 * so each is refused with its path.
 */
export function findUnserved(request: CountTokensRequest, capabilities: ModelCapabilities): Problem | null {
  return (
    findUnservedField(request) ??
    findUnservedTool(request, capabilities) ??
    findUnservedStructure(request, capabilities) ??
    findFirst(request.messages, (message, at) => {
      if (typeof message.content !== "object") return null;
      return findFirst<Loose>(message.content, (block, index) => {
        const path = ["messages", at, "content", index, String(block.type)];
        // In an assistant message it may stand for what is before it; in a user's it is what the conversation begins with.
        return block.type === "compaction" && message.role !== "assistant" && at + index > 0
          ? {
              path,
              text: "belongs into an `assistant` message, or to the beginning of the conversation",
              errorCode: "compaction_block_misplaced",
            }
          : findUnservedBlock(block, path, capabilities);
      });
    }) ??
    findUnservedCode(request)
  );
}

/** Fields that must be absent, null or empty, with what they would need. */
const UNSERVED_FIELDS: readonly (readonly [keyof CountTokensRequest, string, errorCode?: string])[] = [
  ["fallbacks", "fallbacks are not supported"],
  ["fallback_credit_token", "fallback credits are not supported"],
  // On this code the newest SDKs' tool runner sends the whole conversation instead, as it did before threads.
  ["thread", "message threads are not supported", "thread_unsupported_request"],
  ["billing_policy", "billing policies are not supported"],
  ["user_profile_id", "user profiles are not supported"],
];

function findUnservedField(request: CountTokensRequest): Problem | null {
  for (const [key, text, errorCode] of UNSERVED_FIELDS) {
    const value = request[key];
    const isEmpty = value === undefined || value === null || (Array.isArray(value) && value.length === 0);
    if (!isEmpty) return { path: [key], text, ...(errorCode === undefined ? {} : { errorCode }) };
  }
  if (request.speed === "fast") return { path: ["speed"], text: "'fast' is not supported by this model" };
  if (request.output_config?.task_budget) {
    return { path: ["output_config", "task_budget"], text: "task budgets are not supported" };
  }
  const { thinking } = request;
  if (thinking && "block_binding" in thinking && (thinking.block_binding?.prefix_mismatch_behavior ?? null) !== null) {
    const path = ["thinking", thinking.type, "block_binding", "prefix_mismatch_behavior"];
    return { path, text: "thinking blocks are not bound to the conversation before them" };
  }
  return null;
}

function findUnservedStructure(
  { output_config: config, output_format: format, tools = [] }: CountTokensRequest,
  { structured_outputs: { supported } }: ModelCapabilities,
): Problem | null {
  if (supported) return null;
  const path = config?.format ? ["output_config", "format"] : format ? ["output_format"] : null;
  if (path !== null) return { path, text: "structured outputs are not supported by this model" };
  return findFirst<Loose>(tools, (tool, index) =>
    tool.strict === true
      ? { path: ["tools", index, "custom", "strict"], text: "strict tools are not supported by this model" }
      : null,
  );
}

function findUnservedTool(
  { tools = [], tool_choice: choice }: CountTokensRequest,
  capabilities: ModelCapabilities,
): Problem | null {
  if (tools.some(isCalledFromCode) && choice && "disable_parallel_tool_use" in choice && choice.disable_parallel_tool_use) {
    // How many calls a program makes at once is the program's to say.
    const path = ["tool_choice", choice.type, "disable_parallel_tool_use"];
    return { path, text: "cannot be set where tools are called from code" };
  }
  return findFirst<Loose>(tools, (tool, index) => {
    const type = typeof tool.type === "string" ? tool.type : "custom";
    const path = ["tools", index, type];
    if (!isKnownTool(tools[index])) return { path, text: "this tool is not supported by this model" };
    if (isCalledFromCode(tool as ToolParam)) {
      const text = findCallerProblem(tool, type, tools);
      if (text !== null) return { path: [...path, "allowed_callers"], text };
    }
    if (tool.response_inclusion === "excluded") {
      return { path: [...path, "response_inclusion"], text: "leaving results out of the response is not supported" };
    }
    if (type.startsWith("web_fetch_")) {
      const problem = citations(tool, path, capabilities);
      if (problem) return problem;
    }
    return null;
  });
}

/** Why programs cannot call a tool. */
function findCallerProblem(tool: Loose, type: string, tools: readonly ToolParam[]): string | null {
  if (isServerToolType(type) && !isWebTool(type)) return "this tool cannot be called from code";
  if (tool.defer_loading === true) return "a deferred tool cannot be called from code";
  if (tool.strict === true) return "a strict tool cannot be called from code";
  const name = String(tool.name);
  const own = toFunctionName(name);
  if (own === null) return "a tool that is called from code needs a name that a function of Python can have";
  const isTaken = tools.some((each) => each !== tool && isCalledFromCode(each) && toFunctionName(toolName(each) ?? "") === own);
  if (isTaken) return "two tools that are called from code would be one function of Python";
  return tools.some(hasParts)
    ? null
    : "tools can be called from code only where a code execution tool of 2025-08-25 or later is in `tools`";
}

function isKnownTool(tool: ToolParam | undefined): boolean {
  if (tool === undefined) return false;
  const { type } = tool;
  if (type === undefined || type === null || type === "custom" || type === "mcp_toolset") return true;
  return isToolset(tool) || isServerToolType(type) || clientTool(tool) !== null;
}

/** What a request asks of containers and of the tool that runs code in them. */
function findUnservedCode({ messages, tools = [], container }: CountTokensRequest): Problem | null {
  const at = tools.findIndex(isCodeExecution);
  const tool = tools[at];
  const findBlock = (type: string, isMeant: (block: Loose) => boolean): readonly (string | number)[] | null => {
    for (const [place, { content }] of messages.entries()) {
      const index = Array.isArray(content) ? content.findIndex((block) => block.type === type && isMeant(block)) : -1;
      if (index >= 0) return ["messages", place, "content", index, type];
    }
    return null;
  };
  if (tool === undefined) {
    if (container && typeof container === "object" && container.skills && container.skills.length > 0) {
      return { path: ["container", "skills"], text: "skills need a code execution tool in `tools`" };
    }
    const path = findBlock("container_upload", () => true);
    return path === null ? null : { path, text: "files are put into a container only where a code execution tool is in `tools`" };
  }
  if (!hasParts(tool)) return null;
  if ("defer_loading" in tool && tool.defer_loading === true) {
    return { path: ["tools", at, String(tool.type), "defer_loading"], text: "this tool cannot be deferred" };
  }
  const names: readonly (string | undefined)[] = serverToolNames(tool as CodeExecutionToolParam, tools);
  const taken = tools.find((each) => each !== tool && names.includes(toolName(each)));
  if (taken) return { path: ["tools"], text: "Tool names must be unique." };
  for (const type of ["tool_addition", "tool_removal"]) {
    const path = findBlock(type, ({ tool: named }) => (named as Loose).name === "code_execution");
    if (path !== null) return { path, text: "this tool cannot be added or removed within a conversation" };
  }
  return null;
}

function findUnservedBlock(block: Loose, path: Path, capabilities: ModelCapabilities): Problem | null {
  switch (block.type) {
    case "text":
    case "thinking":
    case "redacted_thinking":
    case "tool_reference":
    case "browser_state":
      return null;
    case "compaction":
      return findUnservedCompaction(block, path);
    case "tool_addition":
    case "tool_removal": {
      const type = String((block.tool as Loose).type);
      return type === "tool_reference"
        ? null
        : { path: [...path, "tool", type], text: "only a `tool_reference` to a tool in `tools` is supported" };
    }
    case "image":
      return capabilities.image_input.supported ? null : { path, text: "this model does not support image input" };
    case "document":
      return findUnservedDocument(block, path, capabilities);
    case "search_result":
      return citations(block, path, capabilities);
    case "tool_use":
      return null;
    case "server_tool_use":
      return isServerToolName(String(block.name))
        ? null
        : { path, text: `\`${String(block.name)}\` is not supported by this model` };
    case "web_search_tool_result":
    case "web_fetch_tool_result":
    case "tool_search_tool_result":
    case "code_execution_tool_result":
    case "bash_code_execution_tool_result":
    case "text_editor_code_execution_tool_result":
    case "container_upload":
    case "mcp_tool_use":
    case "mcp_tool_result":
    case "mcp_tool_listing":
      return null;
    case "tool_result": {
      const content = Array.isArray(block.content) ? (block.content as readonly Loose[]) : [];
      return findFirst(content, (each, index) =>
        findUnservedBlock(each, [...path, "content", index, String(each.type)], capabilities),
      );
    }
    default:
      return { path, text: `\`${String(block.type)}\` blocks are not supported by this model` };
  }
}

/** What this server writes has words in `content` and nothing else. */
function findUnservedCompaction(block: Loose, path: Path): Problem | null {
  if (Array.isArray(block.tool_changes) && block.tool_changes.length > 0)
    return { path: [...path, "tool_changes"], text: "changes of tools within a compaction are not supported" };
  return typeof block.content !== "string" && typeof block.encrypted_content === "string"
    ? { path: [...path, "encrypted_content"], text: "was encrypted by another server" }
    : null;
}

function findUnservedDocument(block: Loose, path: Path, capabilities: ModelCapabilities): Problem | null {
  const source = block.source as Loose;
  const here = [...path, "source", String(source.type)];
  switch (source.type) {
    case "text":
      break;
    case "content": {
      const content = Array.isArray(source.content) ? (source.content as readonly Loose[]) : [];
      const problem = findFirst(content, (each, index) =>
        findUnservedBlock(each, [...here, "content", index, String(each.type)], capabilities),
      );
      if (problem) return problem;
      break;
    }
    case "base64":
    case "url":
      if (!capabilities.pdf_input.supported) return { path: here, text: "this model does not support PDF input" };
      break;
    default:
      return { path: here, text: `\`${String(source.type)}\` sources are not supported` };
  }
  return citations(block, path, capabilities);
}

function citations(block: Loose, path: Path, capabilities: ModelCapabilities): Problem | null {
  const config = block.citations as { enabled?: boolean } | null | undefined;
  return config?.enabled && !capabilities.citations.supported
    ? { path: [...path, "citations"], text: "this model does not support citations" }
    : null;
}

function findFirst<Item>(items: readonly Item[], check: (item: Item, index: number) => Problem | null): Problem | null {
  for (const [index, item] of items.entries()) {
    const problem = check(item, index);
    if (problem) return problem;
  }
  return null;
}
