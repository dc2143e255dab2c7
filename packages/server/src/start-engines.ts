import { rm } from "node:fs/promises";
import { join } from "node:path";
import { openSnapshotStore } from "./engines/turn-engine/cache/snapshot-store.ts";
import { createTurnEngine, type TurnEngineOptions } from "./engines/turn-engine/create-turn-engine.ts";
import { openFolderReplayStore } from "./engines/turn-engine/render/folder-replay-store.ts";
import { readAvailableBytes } from "./engines/gguf/read-available-bytes.ts";
import type { Router } from "./engines/router/create-router.ts";
import { createModelControl, type ModelControl } from "./models/model-control.ts";
import type { Changes } from "./platform/changes.ts";
import type { Clock } from "./platform/clock.ts";
import type { Config } from "./platform/config.ts";
import { newId } from "./platform/ids.ts";
import type { Log } from "./platform/log.ts";
import type { Metrics } from "./platform/metrics.ts";
import type { EngineTracing } from "./platform/trace-engine.ts";
import { startLocalModels } from "./start-local-models.ts";
import { createRouteReloader, type LiveRoutes, startRoutes } from "./start-routes.ts";
import { askRouteReload } from "./storage/route-reloads.ts";
import { findKeepingNothing } from "./storage/retention.ts";
import type { Storage } from "./storage/storage.ts";
import type { Engine } from "./turn/engine.ts";
import { catalog, findInCatalog } from "./weights/catalog.ts";
import { createPulls } from "./weights/create-pulls.ts";
import { readFetchSettings } from "./weights/fetch-settings.ts";
import { createWeightsStore } from "./weights/weights-store.ts";

export interface EnginesOptions {
  readonly config: Config;
  /** Reads the configuration as it is now. Throws where it is not valid. */
  readonly reread: () => Config;
  readonly dataDir: string;
  readonly storage: Storage;
  readonly signThinking: (workspaceId: string, thinking: string) => string;
  /** What engine doors are shown. */
  readonly doorSecret: string;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly tracing: EngineTracing;
  /** Ends loads that are under way when the server stops. */
  readonly signal: AbortSignal;
}

/** What runs turns, and what people do with it. */
export interface Engines extends AsyncDisposable {
  /** The local models alone. */
  readonly local: Engine;
  /** Local models and pools of upstreams. */
  readonly router: Router;
  readonly routes: LiveRoutes;
  /** Reads the routes anew in this process; says why they stay as they were, or null. */
  readonly reloadRoutes: () => string | null;
  readonly modelControl: ModelControl;
  /** Loads the model that answers by default before the first request asks for it. */
  preload(): void;
}

const SWEEP_EVERY_MS = 60_000;
/** How long turns under way may hold the engines once Parley is told to stop. */
const DRAIN_MS = 30_000;

/** The models of this machine with their prompt cache, and the upstreams beside them. */
export async function startEngines(options: EnginesOptions): Promise<Engines> {
  const { config, reread, dataDir, storage, signThinking, doorSecret, changes, clock, log, metrics, tracing, signal } = options;
  await using started = new AsyncDisposableStack();
  const models = await startLocalModels({
    config: config.engine,
    dataDir,
    onRestart: (weights) => metrics.engineRestarted(weights),
    log,
    clock,
  });
  started.defer(() => models.close(DRAIN_MS));
  const cacheDir = join(dataDir, "cache");
  const snapshots = await openSnapshotStore({
    folder: join(cacheDir, "snapshots"),
    budgetBytes: config.cache.budget_bytes,
    clock,
  });
  started.defer(() => snapshots.flush());
  const replays = await openFolderReplayStore({
    folder: join(cacheDir, "replays"),
    clock,
    onError: (error) => log.warn({ err: error }, "a reply's tokens could not be kept for replay"),
  });
  started.defer(() => replays.flush());

  const scratchFolder = join(dataDir, "run", "slots");
  await rm(scratchFolder, { recursive: true, force: true });
  const turnEngineOptions: Omit<TurnEngineOptions, "models"> = {
    snapshots,
    replays,
    signThinking,
    newToolUseId: () => newId("toolu"),
    defaultSampler: {
      temperature: config.engine.default_temperature,
      topP: config.engine.default_top_p,
      topK: config.engine.default_top_k,
    },
    clock,
    toolGateOf: (weights) => findInCatalog(weights)?.tool_gate ?? null,
    scratchFolder,
    note: (what, weights) => log.info({ what, weights }, "a reply had to be mended"),
    onStoreFault: (error) => log.warn({ err: error }, "a prompt's prefix could not be stored"),
  };
  const turnEngine = createTurnEngine({ ...turnEngineOptions, models });
  metrics.watchEngine(() => turnEngine.load());
  const routes = startRoutes({
    config,
    local: turnEngine,
    localGeo: config.inference_geo,
    createTokenEngine: (remote) => createTurnEngine({ ...turnEngineOptions, models: remote }),
    doorSecret,
    env: process.env,
    signThinking,
    clock,
    log,
    metrics,
    tracing,
  });
  const { router } = routes;
  started.defer(() => router.close());
  const reloadRoutes = createRouteReloader({ routes, reread, changes, log });

  const weights = createWeightsStore(join(dataDir, "models"));
  const pulls = started.use(
    createPulls({
      folder: weights.folder,
      settings: readFetchSettings(process.env),
      onChange: () => changes.note(null, "models"),
      clock,
      log,
    }),
  );
  const modelControl = createModelControl({
    pool: models,
    loads: () => turnEngine.loads(),
    store: weights,
    catalog,
    pulls,
    snapshots: () => snapshots.status(),
    snapshotBudgetBytes: config.cache.budget_bytes,
    routes: () => routes.current(),
    upstreams: {
      status: () => router.status(),
      queues: () => router.queues(),
      reload: reloadRoutes,
      tellOthers: (askedBy) => askRouteReload(storage, askedBy),
    },
    availableBytes: readAvailableBytes,
    changes,
    clock,
    log,
    signal,
  });

  const sweep = async (): Promise<void> => {
    await snapshots.sweep();
    for (const id of await findKeepingNothing(storage, snapshots.workspaces())) await snapshots.dropWorkspace(id);
  };
  const sweeper = setInterval(() => {
    void sweep().catch((error: unknown) => log.warn({ err: error }, "the prompt cache could not be swept"));
  }, SWEEP_EVERY_MS);
  sweeper.unref();
  started.defer(() => clearInterval(sweeper));

  const running = started.move();
  return {
    local: turnEngine,
    router,
    routes,
    reloadRoutes,
    modelControl,
    preload() {
      const { sonnet } = config.models;
      if (Object.hasOwn(config.pools, sonnet)) return;
      void models.preload(sonnet, signal).catch((error: unknown) => {
        if (!signal.aborted) log.warn({ err: error }, "the model could not be loaded ahead");
      });
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
