import type { CountTokensRequest } from "../messages/count-tokens.ts";
import { toolName } from "../messages/tool-param.ts";
import { isToolset, toolsetName } from "../messages/toolset.ts";
import { type Problem, quoted } from "./problem.ts";

const INTERLEAVED_THINKING_BETA = "interleaved-thinking-2025-05-14";

export function stopSequencesRule({ stop_sequences: stops }: CountTokensRequest): Problem | null {
  return stops?.some((stop) => stop.trim() === "")
    ? { path: ["stop_sequences"], text: "each stop sequence must contain non-whitespace" }
    : null;
}

export function toolsRule({ tools = [], tool_choice: choice, mcp_servers: servers = [] }: CountTokensRequest): Problem | null {
  const names = new Set<string>();
  const taken = new Set<string>();
  for (const tool of tools) {
    const name = toolName(tool);
    // A toolset has no name to choose it by, but takes its family's.
    const own = isToolset(tool) ? toolsetName(tool) : name;
    if (own === undefined) continue;
    if (taken.has(own)) return { path: ["tools"], text: "Tool names must be unique." };
    taken.add(own);
    if (name !== undefined) names.add(name);
  }
  // What an MCP server's tools are called is known once it has listed them.
  if (servers.length > 0) return null;
  if (choice?.type === "tool" && !names.has(choice.name)) {
    return { path: ["tool_choice"], text: `Tool '${quoted(choice.name)}' not found in provided tools` };
  }
  if (choice?.type === "any" && tools.length === 0) {
    return { path: ["tool_choice"], text: "tool_choice may only be specified while providing tools" };
  }
  return null;
}

export function thinkingRule(request: CountTokensRequest, betas: readonly string[]): Problem | null {
  const { thinking, max_tokens: maxTokens, tool_choice: choice, messages } = request;
  if (thinking?.type !== "enabled" && thinking?.type !== "adaptive") return null;
  if (choice?.type === "any" || choice?.type === "tool") {
    return { path: [], text: "Thinking may not be enabled when tool_choice forces tool use." };
  }
  // With interleaved thinking the budget spans all thinking of a turn, so it may be larger than one reply.
  const isInterleaved = betas.includes(INTERLEAVED_THINKING_BETA) && (request.tools?.length ?? 0) > 0;
  if (thinking.type === "enabled" && maxTokens !== undefined && thinking.budget_tokens >= maxTokens && !isInterleaved) {
    return { path: [], text: "`max_tokens` must be greater than `thinking.budget_tokens`." };
  }
  if (request.temperature !== undefined && request.temperature !== 1) {
    return { path: [], text: "`temperature` may only be set to 1 when thinking is enabled." };
  }
  if (request.top_p !== undefined && request.top_p < 0.95) {
    return { path: [], text: "`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled." };
  }
  if (request.top_k !== undefined) return { path: [], text: "`top_k` must be unset when thinking is enabled." };
  const last = messages.at(-1);
  if (request.compaction || last?.role !== "assistant" || last.content.length === 0) return null;
  const firstType =
    typeof last.content === "string" ? "text" : last.content.find(({ type }) => type !== "mcp_tool_listing")?.type;
  // After a compaction the model speaks anew.
  if (firstType === "thinking" || firstType === "redacted_thinking" || firstType === "compaction") return null;
  return {
    path: ["messages", messages.length - 1, "content", 0, "type"],
    text:
      `Expected \`thinking\` or \`redacted_thinking\`, but found \`${String(firstType)}\`. ` +
      "When `thinking` is enabled, a final `assistant` message must start with a thinking block.",
  };
}

/** A request for a summary: nothing of a reply can be asked for beside it. */
export function compactionRule(request: CountTokensRequest): Problem | null {
  if (!request.compaction) return null;
  const { tool_choice: choice } = request;
  const other =
    (request.context_management && "context_management") ||
    ((request.stop_sequences ?? []).length > 0 && "stop_sequences") ||
    (request.output_config?.format && "output_config.format") ||
    (request.output_format && "output_format") ||
    ((choice?.type === "any" || choice?.type === "tool") && `tool_choice: ${choice.type}`);
  return other ? { path: ["compaction"], text: `cannot be combined with \`${other}\`` } : null;
}

export function prefillRule({ messages, compaction }: CountTokensRequest): Problem | null {
  const last = messages.at(-1);
  if (compaction || last?.role !== "assistant") return null;
  const block = typeof last.content === "string" ? { type: "text", text: last.content } : last.content.at(-1);
  return block?.type === "text" && "text" in block && /\s$/.test(block.text)
    ? { path: ["messages"], text: "final assistant content cannot end with trailing whitespace" }
    : null;
}

export function outputFormatRule({ output_format: alias, output_config: config }: CountTokensRequest): Problem | null {
  return alias && config?.format ? { path: ["output_format"], text: "cannot be set together with `output_config.format`" } : null;
}
