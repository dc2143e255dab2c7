import { createEgress, createEgressPolicy } from "../../egress/index.ts";
import { createLog } from "../../platform/log.ts";
import { createMcpConnector } from "../../tools/mcp/create-mcp-connector.ts";

/** For tests whose requests bring no MCP servers: none is reached. */
export const absentMcp = createMcpConnector({
  egress: createEgress(createEgressPolicy({ allow: [], isPublicReached: false, resolve: async () => [] })),
  isEnabled: true,
  resultMaxCharacters: 1_000,
  log: createLog({ level: "silent" }),
});
