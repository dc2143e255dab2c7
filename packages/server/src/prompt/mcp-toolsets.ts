import type { CountTokensRequest, McpServerParam, McpToolListingBlock } from "@parley/wire";
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
export function toMcpToolsets({ mcp_servers: servers = [], tools = [], messages }: CountTokensRequest): McpToolset[] {
  return servers.flatMap((server): McpToolset[] => {
    const told = listingOf(messages, server.name);
    const index = tools.findIndex((tool) => tool.type === "mcp_toolset" && tool.mcp_server_name === server.name);
    const toolset = tools[index];
    if (toolset?.type !== "mcp_toolset") {
      const { enabled, allowed_tools: allowed } = server.tool_configuration ?? {};
      if (enabled === false) return [];
      return [
        {
          server,
          index: null,
          pinned: told,
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
        pinned: pinned ? pinned.map(toMcpTool) : told,
        cacheTtl: cacheTtl(mark).cacheTtl ?? null,
        wants: (tool) => configOf(tool)?.enabled ?? defaults?.enabled ?? true,
        defers: (tool) => configOf(tool)?.defer_loading ?? defaults?.defer_loading ?? false,
      },
    ];
  });
}

interface ListedTool {
  readonly name: string;
  readonly description?: string | null | undefined;
  readonly input_schema: Readonly<Record<string, unknown>>;
}

function toMcpTool({ name, description, input_schema: inputSchema }: ListedTool): McpTool {
  return { name, description: description ?? null, inputSchema };
}

/** What an earlier reply of the conversation said that the server lists; null: none did. */
function listingOf(messages: CountTokensRequest["messages"], server: string): McpTool[] | null {
  const listing = messages
    .flatMap(({ role, content }) => (role === "assistant" && typeof content !== "string" ? content : []))
    .findLast((block) => block.type === "mcp_tool_listing" && block.mcp_server_name === server);
  return listing?.type === "mcp_tool_listing" ? listing.tools.map(toMcpTool) : null;
}

/** The listings that were fetched for a request, in the words in which a client sends them back. */
export function toListingBlocks(request: CountTokensRequest, listings: McpListings): McpToolListingBlock[] {
  return toMcpToolsets(request)
    .filter(({ pinned }) => pinned === null)
    .map(({ server }) => ({
      type: "mcp_tool_listing",
      mcp_server_name: server.name,
      tools: (listings.get(server.name) ?? []).map(({ name, description, inputSchema }) => ({
        name,
        ...(description === null ? {} : { description }),
        input_schema: inputSchema,
      })),
    }));
}
