import type { CountTokensRequest } from "../messages/count-tokens.ts";
import type { MessageParam } from "../messages/create-request.ts";
import { toolName } from "../messages/tool-param.ts";
import { enabledMembers, isToolset, toolsetName } from "../messages/toolset.ts";
import { type Problem, quoted } from "./problem.ts";

/**
 * Tools whose definitions come into the conversation later: which may be deferred, and that every name that loads or
 * changes one is a declared tool's. Texts as the platform's, which names no path here.
 */
export function toolLoadingRule({ tools = [], messages, mcp_servers: servers = [] }: CountTokensRequest): Problem | null {
  const isDeferred = (tool: object): boolean =>
    isToolset(tool)
      ? enabledMembers(tool).some((member) => member.isDeferred)
      : "defer_loading" in tool && tool.defer_loading === true;
  if (tools.length > 0 && tools.every(isDeferred)) {
    return { path: [], text: "At least one tool must have defer_loading=false" };
  }
  const pinned = tools.find((tool) => isDeferred(tool) && tool.cache_control);
  if (pinned) {
    const name = quoted(isToolset(pinned) ? toolsetName(pinned) : (toolName(pinned) ?? ""));
    return {
      path: [],
      text:
        `Tool '${name}' cannot have both defer_loading=true and cache_control set. ` +
        "Tools with defer_loading cannot use prompt caching.",
    };
  }
  const declared = new Set(tools.map(toolName));
  // A search may have found a set's tools, whose names are made where its members are known.
  const isKnown = (name: string): boolean => declared.has(name) || servers.length > 0 || tools.some(isToolset);
  for (const [at, message] of messages.entries()) {
    const problem = mixedResult(message, at);
    if (problem) return problem;
    const unknown = namesIn(message).find((name) => !isKnown(name));
    if (unknown !== undefined) {
      return { path: [], text: `Tool reference '${quoted(unknown)}' not found in available tools` };
    }
  }
  return null;
}

/** A tool result brings definitions or it brings content. */
function mixedResult({ content }: MessageParam, at: number): Problem | null {
  if (typeof content !== "object") return null;
  const index = content.findIndex(
    (block) =>
      block.type === "tool_result" &&
      Array.isArray(block.content) &&
      block.content.some(({ type }) => type === "tool_reference") &&
      block.content.some(({ type }) => type !== "tool_reference"),
  );
  return index < 0
    ? null
    : {
        path: ["messages", at, "content", index],
        text: "Tool definitions/code execution functions cannot be mixed with other content",
      };
}

/** The names of tools that a message loads, adds or removes. */
function namesIn({ content }: MessageParam): string[] {
  if (typeof content !== "object") return [];
  return content.flatMap((block) => {
    if (block.type === "tool_addition" || block.type === "tool_removal") {
      return block.tool.type === "tool_reference" ? [block.tool.name] : [];
    }
    if (block.type === "tool_search_tool_result" && "tool_references" in block.content) {
      return block.content.tool_references.map(({ tool_name: name }) => name);
    }
    if (block.type !== "tool_result" || !Array.isArray(block.content)) return [];
    return block.content.flatMap((each) => (each.type === "tool_reference" ? [each.tool_name] : []));
  });
}
