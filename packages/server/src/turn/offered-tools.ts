import type { ToolDefinitionBlock, ToolRemovalBlock, ToolSpec, Turn, TurnMessage } from "./turn.ts";

/** What the model may call where the conversation ends: what it began with, and what was added and removed since. */
export function offeredTools({ tools, messages }: Pick<Turn, "tools" | "messages">): readonly ToolSpec[] {
  const offered = new Map(tools.map((tool) => [tool.name, tool]));
  for (const change of messages.flatMap(toolChanges)) {
    if (change.type === "tool_removal") offered.delete(change.name);
    else offered.set(change.tool.name, change.tool);
  }
  return [...offered.values()];
}

/** The tools that a message adds and removes. */
export function toolChanges({ content }: TurnMessage): (ToolDefinitionBlock | ToolRemovalBlock)[] {
  return content.flatMap((block) => {
    if (block.type === "tool_definition" || block.type === "tool_removal") return [block];
    return block.type === "tool_result" ? block.content.filter((inner) => inner.type === "tool_definition") : [];
  });
}
