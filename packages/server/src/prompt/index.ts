export { applyContextEdits } from "./apply-context-edits.ts";
export { fromSummaryOn, toSummaryBlock } from "./compaction.ts";
export { createThinkingSigner, type ThinkingSigner } from "./thinking-signature.ts";
export { type McpListings, type McpTool, type McpToolset, toListingBlocks, toMcpToolsets } from "./mcp-toolsets.ts";
export { pageHeading, toMcpCallId, toServerCallId, toServerToolResult } from "./server-tool-results.ts";
export { toFunctionName, toProgramCaller } from "./server-tools.ts";
export { SKILLS_FOLDER } from "./skill-list.ts";
export { mergeMessages } from "./to-messages.ts";
export { assertServed, toTurn } from "./to-turn.ts";
