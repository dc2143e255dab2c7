import { startTestServer } from "../../src/doors/testing/start-test-server.ts";
import { createScriptedEngine } from "../../src/doors/testing/scripted-engine.ts";
import { createModelRegistry } from "../../src/models/model-registry.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { ConfigSchema } from "../../src/platform/config.ts";
import { createLog } from "../../src/platform/log.ts";
import { createMetrics } from "../../src/platform/metrics.ts";
import { poolTraits, startUpstreams } from "../../src/start-upstreams.ts";

/** A test server whose models are those of a configuration's pools; the weights `tiny` are scripted beside them. */
export async function startWithPools(settings: unknown) {
  const config = ConfigSchema.parse(settings);
  const local = createScriptedEngine();
  const lines: string[] = [];
  const metrics = createMetrics();
  const router = startUpstreams({
    config,
    local,
    env: { TEST_KEY: "sk-of-the-operator" },
    signThinking: () => "signed",
    clock: systemClock,
    log: createLog({ level: "info", destination: { write: (line) => void lines.push(line) } }),
    metrics,
  });
  metrics.watchUpstreams(() => router.status());
  const models = createModelRegistry({ mapping: config.models, engine: router, pools: poolTraits(config) });
  const server = await startTestServer({ deps: { engine: router, models, metrics } });
  return {
    ...server,
    local,
    routerLines: lines,
    router,
    async close() {
      router.close();
      await server.close();
    },
  };
}

export type PooledServer = Awaited<ReturnType<typeof startWithPools>>;
