import Anthropic from "@anthropic-ai/sdk";
import type { DoorDeps } from "../../doors/exchange.ts";
import { KEY, startTestServer } from "../../doors/testing/start-test-server.ts";
import { createScriptedEngine, type Script } from "../../doors/testing/scripted-engine.ts";
import { createModelRegistry } from "../../models/model-registry.ts";
import { createLog } from "../../platform/log.ts";
import { createThinkingSigner } from "../../prompt/index.ts";
import { createToolLoop, type ToolLoopOptions } from "../create-tool-loop.ts";
import type { ServerTools } from "../server-tool.ts";

export const SEALS = createThinkingSigner(Buffer.alloc(32, 3));

/** A whole server over real HTTP, with its real tool loop over a scripted engine. Each step of a turn plays the next script. */
export async function startToolServer(tools: ServerTools, options: Partial<ToolLoopOptions> = {}, deps: Partial<DoorDeps> = {}) {
  const engine = createScriptedEngine();
  const log = createLog({ level: "silent" });
  const loop = createToolLoop({ engine, tools, openSealed: (id, sealed) => SEALS.reveal(id, sealed), log, ...options });
  const server = await startTestServer({
    deps: {
      engine: loop,
      models: createModelRegistry({ mapping: { haiku: "tiny", sonnet: "tiny", opus: "tiny" }, engine: loop }),
      searchSeals: SEALS,
      ...deps,
    },
  });
  return {
    ...server,
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
