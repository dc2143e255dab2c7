import { z } from "zod";
import { cacheControlField } from "./cache-control.ts";

/*
 * Blocks of features that run on the server. They are known here by shape, so that a request which holds them is told
 * which feature is missing rather than that its block is unknown; the feature's own issue makes each shape strict.
 */

const serverToolUse = z.looseObject({
  type: z.literal("server_tool_use"),
  id: z.string(),
  name: z.string(),
  input: z.unknown(),
  cache_control: cacheControlField,
});

const toolResult = <Type extends string>(type: Type) =>
  z.looseObject({ type: z.literal(type), tool_use_id: z.string(), content: z.unknown(), cache_control: cacheControlField });

/** Members of `ContentBlockParam`. */
export const serverToolBlockParams = [
  serverToolUse,
  toolResult("web_search_tool_result"),
  toolResult("web_fetch_tool_result"),
  toolResult("code_execution_tool_result"),
  toolResult("bash_code_execution_tool_result"),
  toolResult("text_editor_code_execution_tool_result"),
  toolResult("tool_search_tool_result"),
  toolResult("advisor_tool_result"),
  toolResult("mcp_tool_result"),
  z.looseObject({
    type: z.literal("mcp_tool_use"),
    id: z.string(),
    name: z.string(),
    server_name: z.string(),
    input: z.unknown(),
    cache_control: cacheControlField,
  }),
  z.looseObject({ type: z.literal("mcp_tool_listing"), mcp_server_name: z.string() }),
  z.looseObject({ type: z.literal("container_upload"), file_id: z.string(), cache_control: cacheControlField }),
  z.looseObject({ type: z.literal("compaction"), cache_control: cacheControlField }),
  z.looseObject({ type: z.literal("fallback") }),
] as const;
