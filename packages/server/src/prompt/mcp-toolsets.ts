import type { CountTokensRequest, McpServerParam } from "@parley/wire";
import type { CacheTtl } from "../turn/turn.ts";
import { cacheTtl } from "./cache-ttl.ts";

/** A tool as its MCP server lists it. */
export interface McpTool {
  readonly name: string;
  readonly description: string | null;
  /** JSON Schema of type object. */
  readonly inputSchema: Readonly<Record<string, unknown>>;
}

/** What each server lists, by its name in the request. */
export type McpListings = ReadonlyMap<string, readonly McpTool[]>;

/** Which of a server's tools a request wants. */
export interface McpToolset {
  readonly server: McpServerParam;
  /** Where in `tools` it stands; null: nowhere, as the older beta has it. */
  readonly index: number | null;
  /** The listing that the request brings; null: the server is asked. */
  readonly pinned: readonly McpTool[] | null;
  readonly cacheTtl: CacheTtl | null;
  wants(tool: string): boolean;
  defers(tool: string): boolean;
}

/** The toolset of each server of a request, in either beta's form. */
export function toMcpToolsets({ mcp_servers: servers = [], tools = [] }: CountTokensRequest): McpToolset[] {
  return servers.flatMap((server): McpToolset[] => {
    const index = tools.findIndex((tool) => tool.type === "mcp_toolset" && tool.mcp_server_name === server.name);
    const toolset = tools[index];
    if (toolset?.type !== "mcp_toolset") {
      const { enabled, allowed_tools: allowed } = server.tool_configuration ?? {};
      if (enabled === false) return [];
      return [
        {
          server,
          index: null,
          pinned: null,
          cacheTtl: null,
          wants: (tool) => !allowed || allowed.includes(tool),
          defers: () => false,
        },
      ];
    }
    const { default_config: defaults, configs, tools: pinned, cache_control: mark } = toolset;
    // Own members only: a server may call a tool `constructor`.
    const configOf = (tool: string) => (configs && Object.hasOwn(configs, tool) ? configs[tool] : undefined);
    return [
      {
        server,
        index,
        pinned:
          pinned?.map(({ name, description, input_schema: inputSchema }) => ({
            name,
            description: description ?? null,
            inputSchema,
          })) ?? null,
        cacheTtl: cacheTtl(mark).cacheTtl ?? null,
        wants: (tool) => configOf(tool)?.enabled ?? defaults?.enabled ?? true,
        defers: (tool) => configOf(tool)?.defer_loading ?? defaults?.defer_loading ?? false,
      },
    ];
  });
}
