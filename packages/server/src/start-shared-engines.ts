import type { ConsoleModels } from "@parley/wire";
import { connectEngineDoor, type DistantEngines } from "./engines/engine-door/connect-engine-door.ts";
import { openEngineDoor, type EngineDoor, type EngineDoorAddress, type EngineDoorDeps } from "./doors/engine/open-engine-door.ts";
import { type ExposedMetrics, mergeMetrics, type MetricReadings, type MetricsFormat } from "./platform/expose-metrics.ts";
import type { Metrics } from "./platform/metrics.ts";
import type { EngineTracing } from "./platform/trace-engine.ts";
import type { Engines, EnginesOptions } from "./start-engines.ts";
import { createRouteReloader, startRoutes } from "./start-routes.ts";

/** The engines of a node that has workers, in one of these: through the door of the process that holds them. */
export interface BorrowedEngines extends Engines {
  /** Of all processes of the node. */
  exposeMetrics(format: MetricsFormat): Promise<ExposedMetrics>;
  /** What else that process answers. */
  readonly ask: DistantEngines["ask"];
}

/**
 * Local models, and upstreams that only decode tokens, live in one process of a node: slots, the prompt cache and what renders for them are
 * not to be had twice. All else a worker does itself.
 */
export function borrowEngines(
  address: EngineDoorAddress,
  options: Omit<EnginesOptions, "dataDir" | "storage" | "signal">,
): BorrowedEngines {
  const { config, reread, changes, signThinking, doorSecret, clock, log, metrics, tracing } = options;
  const door = connectEngineDoor({ address, secret: doorSecret });
  const routes = startRoutes({
    config,
    local: door.engine,
    localGeo: config.inference_geo,
    createTokenEngine() {
      throw new Error("a worker holds no token upstream");
    },
    shareTokenUpstream: (name) => door.driver(name),
    doorSecret,
    env: process.env,
    signThinking,
    clock,
    log,
    metrics,
    tracing,
  });
  const { router } = routes;
  const steer = async (verb: string, weights: string): Promise<void> => void (await door.ask(verb, weights));
  return {
    local: door.engine,
    router,
    routes,
    reloadRoutes: createRouteReloader({ routes, reread, changes, log }),
    modelControl: {
      state: async (viewer) => (await door.ask("models", viewer)) as ConsoleModels,
      load: (weights) => steer("load", weights),
      unload: (weights) => steer("unload", weights),
      pull: (weights) => steer("pull", weights),
      stopPull: (weights) => steer("stop-pull", weights),
      reloadRoutes: (askedBy) => steer("reload-routes", askedBy),
    },
    preload() {},
    exposeMetrics: async (format) => (await door.ask("metrics", format)) as ExposedMetrics,
    ask: (name, question, signal) => door.ask(name, question, signal),
    async [Symbol.asyncDispose]() {
      router.close();
      door.close();
    },
  };
}

/** Lets workers of this node, or other nodes, use the engines of this process. */
export function lendEngines(
  { local, router, modelControl }: Engines,
  at: Parameters<typeof openEngineDoor>[1],
  deps: {
    readonly secret: string;
    readonly metrics: Metrics;
    readonly tracing: EngineTracing;
    /** What the workers have counted. */
    readonly readWorkers: () => Promise<readonly MetricReadings[]>;
    /** What only those are answered that may ask for more than engines. */
    readonly answers?: EngineDoorDeps["answers"];
  },
): Promise<EngineDoor> {
  const { secret, metrics, tracing, readWorkers, answers } = deps;
  return openEngineDoor(
    {
      secret,
      tracing,
      find: (upstream) =>
        upstream !== null
          ? router.driverOf(upstream)
          : {
              run: (turn, { model }, signal) => local.run(model === null ? turn : { ...turn, weights: model }, signal),
              countTokens: (turn, model, signal) =>
                local.countTokens(model === null ? turn : { ...turn, weights: model }, signal),
            },
      answers: {
        list: () => local.list(),
        async describe(upstream, signal) {
          const driver = router.driverOf(String(upstream));
          await driver?.probe(signal);
          return driver?.describe?.() ?? null;
        },
        models: (viewer) => modelControl.state(viewer as { readonly maySteer: boolean }),
        load: (weights) => modelControl.load(String(weights)),
        unload: (weights) => modelControl.unload(String(weights)),
        pull: (weights) => modelControl.pull(String(weights)),
        "stop-pull": (weights) => modelControl.stopPull(String(weights)),
        "reload-routes": (askedBy) => modelControl.reloadRoutes(String(askedBy)),
        metrics: async (format) => mergeMetrics([await metrics.read(), ...(await readWorkers())], format as MetricsFormat),
        ...answers,
      },
    },
    at,
  );
}
