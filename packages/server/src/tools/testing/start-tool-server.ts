import Anthropic from "@anthropic-ai/sdk";
import type { DoorDeps } from "../../doors/exchange.ts";
import { KEY, startTestServer } from "../../doors/testing/start-test-server.ts";
import { createScriptedEngine, type Script } from "../../doors/testing/scripted-engine.ts";
import { createEgress, createEgressPolicy } from "../../egress/index.ts";
import { createModelRegistry } from "../../models/model-registry.ts";
import { createLog } from "../../platform/log.ts";
import { createThinkingSigner } from "../../prompt/index.ts";
import { createMcpConnector, type McpConnectorOptions } from "../mcp/create-mcp-connector.ts";
import { createToolLoop, type ToolLoopOptions } from "../create-tool-loop.ts";
import type { ServerTools } from "../server-tool.ts";

export const SEALS = createThinkingSigner(Buffer.alloc(32, 3));

const egress = createEgress(createEgressPolicy({ allow: ["127.0.0.1"], isPublicReached: false, resolve: async () => [] }));

/** A whole server over real HTTP, with its real tool loop over a scripted engine. Each step of a turn plays the next script. */
export async function startToolServer(
  tools: ServerTools,
  options: Partial<ToolLoopOptions> = {},
  deps: Partial<DoorDeps> = {},
  mcpOptions: Partial<McpConnectorOptions> = {},
) {
  const engine = createScriptedEngine();
  const lines: string[] = [];
  const log = createLog({ level: "info", destination: { write: (line) => void lines.push(line) } });
  const mcp = createMcpConnector({ egress, isEnabled: true, resultMaxCharacters: 1_000, log, ...mcpOptions });
  const loop = createToolLoop({ engine, tools, openSealed: (id, sealed) => SEALS.reveal(id, sealed), mcp, log, ...options });
  const server = await startTestServer({
    deps: {
      mcp,
      engine: loop,
      models: createModelRegistry({ mapping: { haiku: "tiny", sonnet: "tiny", opus: "tiny" }, engine: loop }),
      searchSeals: SEALS,
      ...deps,
    },
  });
  return {
    ...server,
    /** What the loop and the connector log, as JSON. */
    toolLines: lines,
    engine,
    client: new Anthropic({ apiKey: KEY, baseURL: server.url, maxRetries: 0 }),
    /** The scripts of the steps to come; the last is played again for further ones. */
    playSteps(...scripts: readonly Script[]) {
      let step = 0;
      engine.play((turn, signal) => {
        const script = scripts[Math.min(step, scripts.length - 1)];
        step += 1;
        if (script === undefined) throw new Error("no script");
        return script(turn, signal);
      });
    },
  };
}
