import type { CountTokensRequest } from "../messages/count-tokens.ts";
import { type Problem, quoted } from "./problem.ts";

/** From these on a server's tools are configured in `tools`. */
const TOOLSET_BETAS: ReadonlySet<string> = new Set(["mcp-client-2025-11-20", "mcp-client-2026-09-15"]);

/** Every MCP server has a name of its own and, in the newer betas, exactly one toolset. */
export function mcpRule({ mcp_servers: servers = [], tools = [] }: CountTokensRequest, betas: readonly string[]): Problem | null {
  const names = new Set<string>();
  for (const [index, { name, url }] of servers.entries()) {
    if (names.has(name)) return { path: ["mcp_servers", index, "name"], text: "MCP server names must be unique" };
    names.add(name);
    if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
      return { path: ["mcp_servers", index, "url"], text: "Input should be a valid http or https URL" };
    }
  }
  const configured = new Set<string>();
  for (const [index, tool] of tools.entries()) {
    if (tool.type !== "mcp_toolset") continue;
    const { mcp_server_name: name, tools: listed } = tool;
    const path = ["tools", index, "mcp_toolset"];
    if (!names.has(name)) {
      return { path: [...path, "mcp_server_name"], text: `MCP server '${quoted(name)}' not found in \`mcp_servers\`` };
    }
    if (configured.has(name)) {
      return { path: [...path, "mcp_server_name"], text: `MCP server '${quoted(name)}' has an \`mcp_toolset\` already` };
    }
    configured.add(name);
    if (listed && new Set(listed.map((each) => each.name)).size < listed.length) {
      return { path: [...path, "tools"], text: "Tool names must be unique." };
    }
  }
  const isToolsetNeeded = betas.some((beta) => TOOLSET_BETAS.has(beta));
  for (const [index, { name, tool_configuration: configuration }] of servers.entries()) {
    const path = ["mcp_servers", index];
    if (configured.has(name) && configuration) {
      return { path: [...path, "tool_configuration"], text: "cannot be set for a server that an `mcp_toolset` configures" };
    }
    if (!configured.has(name) && isToolsetNeeded) {
      return { path, text: `MCP server '${quoted(name)}' must be referenced by exactly one \`mcp_toolset\` in \`tools\`` };
    }
  }
  return null;
}
