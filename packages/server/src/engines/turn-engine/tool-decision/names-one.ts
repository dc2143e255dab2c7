import type { ToolSpec } from "../../../turn/turn.ts";

/** Whether a text has the name of one of the tools in it, as a word of its own. */
export function namesOne(tools: readonly Pick<ToolSpec, "name">[], text: string): boolean {
  const words = new Set(text.toLowerCase().split(/[^a-z0-9_-]+/));
  return tools.some(({ name }) => words.has(name.toLowerCase()));
}
