import { z } from "zod";
import { cacheControlField } from "./cache-control.ts";
import { CitationParam } from "./citations.ts";

const MCP_SERVERS_MAX = 20;
const toolUseId = z.string().regex(/^[a-zA-Z0-9_-]+$/);

/** A server of tools that the request brings. `tool_configuration` is the older beta's; the newer one has an `mcp_toolset`. */
export const McpServerParam = z
  .strictObject({
    type: z.literal("url"),
    name: z.string().min(1).max(128),
    url: z.string().min(1).max(2_048),
    // What may stand in a header.
    authorization_token: z
      .string()
      .regex(/^[\x21-\x7e][\x20-\x7e]{0,8191}$/)
      .nullish(),
    tool_configuration: z
      .strictObject({ allowed_tools: z.array(z.string()).nullish(), enabled: z.boolean().nullish() })
      .nullish(),
  })
  .meta({ id: "McpServerParam" });

export const McpServers = z.array(McpServerParam).max(MCP_SERVERS_MAX);

const toolConfig = z.strictObject({ enabled: z.boolean().optional(), defer_loading: z.boolean().optional() });

/** A tool as its server lists it. */
const listedTool = z.strictObject({
  name: z.string().min(1),
  description: z.string().nullish(),
  input_schema: z.record(z.string(), z.unknown()),
});

/** Which tools of a server the model gets. */
export const McpToolset = z
  .strictObject({
    type: z.literal("mcp_toolset"),
    mcp_server_name: z.string(),
    default_config: toolConfig.optional(),
    configs: z.record(z.string(), toolConfig).nullish(),
    /** The server's listing as an earlier reply had it: the server is not asked. */
    tools: z.array(listedTool).nullish(),
    cache_control: cacheControlField,
  })
  .meta({ id: "McpToolset" });

/** What a server listed for an earlier reply, which held it: the server is not asked again. */
export const McpToolListingBlockParam = z
  .strictObject({ type: z.literal("mcp_tool_listing"), mcp_server_name: z.string().min(1), tools: z.array(listedTool) })
  .meta({ id: "McpToolListingBlockParam" });

export const McpToolListingBlock = z
  .strictObject({
    type: z.literal("mcp_tool_listing"),
    mcp_server_name: z.string(),
    tools: z.array(
      z.strictObject({
        name: z.string(),
        description: z.string().optional(),
        input_schema: z.record(z.string(), z.unknown()),
      }),
    ),
  })
  .meta({ id: "McpToolListingBlock" });

export const McpToolUseBlockParam = z
  .strictObject({
    type: z.literal("mcp_tool_use"),
    id: toolUseId,
    name: z.string().min(1),
    server_name: z.string().min(1),
    input: z.record(z.string(), z.unknown()),
    cache_control: cacheControlField,
  })
  .meta({ id: "McpToolUseBlockParam" });

export const McpToolResultBlockParam = z
  .strictObject({
    type: z.literal("mcp_tool_result"),
    tool_use_id: toolUseId,
    content: z
      .union([
        z.string(),
        z.array(
          z.strictObject({
            type: z.literal("text"),
            text: z.string(),
            citations: z.array(CitationParam).nullish(),
            cache_control: cacheControlField,
          }),
        ),
      ])
      .optional(),
    is_error: z.boolean().optional(),
    cache_control: cacheControlField,
  })
  .meta({ id: "McpToolResultBlockParam" });

export const McpToolUseBlock = z
  .strictObject({
    type: z.literal("mcp_tool_use"),
    id: z.string(),
    name: z.string(),
    server_name: z.string(),
    input: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "McpToolUseBlock" });

export const McpToolResultBlock = z
  .strictObject({
    type: z.literal("mcp_tool_result"),
    tool_use_id: z.string(),
    is_error: z.boolean(),
    content: z.array(z.strictObject({ type: z.literal("text"), text: z.string(), citations: z.null() })),
  })
  .meta({ id: "McpToolResultBlock" });

export type McpServerParam = z.infer<typeof McpServerParam>;
export type McpToolset = z.infer<typeof McpToolset>;
export type McpToolListingBlock = z.infer<typeof McpToolListingBlock>;
export type McpToolUseBlockParam = z.infer<typeof McpToolUseBlockParam>;
export type McpToolResultBlockParam = z.infer<typeof McpToolResultBlockParam>;
export type McpToolResultBlock = z.infer<typeof McpToolResultBlock>;
