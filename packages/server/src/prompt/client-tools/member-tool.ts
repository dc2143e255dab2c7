import type { ClientTool } from "./client-tool.ts";

/** One of the tools that a toolset's entry stands for. */
export function memberTool(
  description: string,
  properties: Readonly<Record<string, object>> = {},
  required: readonly string[] = [],
): ClientTool {
  return { description, inputSchema: { type: "object", properties, required, additionalProperties: false } };
}
