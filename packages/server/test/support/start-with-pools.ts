import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTestServer } from "../../src/doors/testing/start-test-server.ts";
import { createScriptedEngine } from "../../src/doors/testing/scripted-engine.ts";
import { openSnapshotStore } from "../../src/engines/turn-engine/cache/snapshot-store.ts";
import { createTurnEngine } from "../../src/engines/turn-engine/create-turn-engine.ts";
import { openFolderReplayStore } from "../../src/engines/turn-engine/render/folder-replay-store.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { ConfigSchema } from "../../src/platform/config.ts";
import { fail } from "../../src/platform/fail.ts";
import { newId } from "../../src/platform/ids.ts";
import { createLog } from "../../src/platform/log.ts";
import { createMetrics } from "../../src/platform/metrics.ts";
import { NO_TRACING, type Tracing } from "../../src/platform/tracing.ts";
import type { InferenceGeos } from "../../src/tenancy/create-inference-geos.ts";
import { startRoutes } from "../../src/start-routes.ts";

/**
 * A test server whose models are those of a configuration's pools; the weights `tiny` are scripted beside them, and what only decodes
 * tokens is rendered and parsed for by the real turn engine.
 */
export async function startWithPools(settings: unknown, tracing: Tracing = NO_TRACING) {
  const config = ConfigSchema.parse(settings);
  const local = createScriptedEngine();
  const lines: string[] = [];
  const metrics = createMetrics();
  const folder = await mkdtemp(join(tmpdir(), "parley-pools-"));
  const snapshots = await openSnapshotStore({ folder: join(folder, "snapshots"), budgetBytes: 1e9, clock: systemClock });
  const replays = await openFolderReplayStore({ folder: join(folder, "replays"), clock: systemClock, onError() {} });
  const routes = startRoutes({
    config,
    local,
    localGeo: config.inference_geo,
    createTokenEngine: (remote) =>
      createTurnEngine({
        models: remote,
        snapshots,
        replays,
        signThinking: () => "signed",
        newToolUseId: () => newId("toolu"),
        defaultSampler: { temperature: 0, topP: 1, topK: 0 },
        clock: systemClock,
        toolGateOf: () => null,
        scratchFolder: join(folder, "slots"),
        note() {},
        onStoreFault(error) {
          throw error;
        },
      }),
    doorSecret: "of-the-nodes",
    env: { TEST_KEY: "sk-of-the-operator" },
    signThinking: () => "signed",
    clock: systemClock,
    log: createLog({ level: "info", destination: { write: (line) => void lines.push(line) } }),
    metrics,
    tracing,
  });
  const { router } = routes;
  const models = routes.createRegistry({ minimumTokens: null });
  const inferenceGeos: InferenceGeos = {
    standsIn: config.inference_geo,
    async choose(_workspaceId, asked, pool) {
      if (asked === "us" && pool?.runsInUs === false) throw fail("invalid_request_error", { public: "inference_geo: not here" });
      return asked === "us" ? "us" : "global";
    },
  };
  const server = await startTestServer({ deps: { engine: router, models, metrics, inferenceGeos, tracing } });
  return {
    ...server,
    local,
    routerLines: lines,
    router,
    /** Other routes from now on, as after a reload. */
    change: (next: unknown) => routes.change(ConfigSchema.parse(next)),
    async close() {
      router.close();
      await server.close();
      await Promise.all([snapshots.flush(), replays.flush()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export type PooledServer = Awaited<ReturnType<typeof startWithPools>>;
