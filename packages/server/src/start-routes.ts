import { createHash } from "node:crypto";
import type { Router } from "./engines/router/create-router.ts";
import { createModelRegistry, type ModelRegistry, type ModelRegistryOptions } from "./models/model-registry.ts";
import { ConfigError } from "./platform/config.ts";
import type { Changes } from "./platform/changes.ts";
import type { Log } from "./platform/log.ts";
import type { RoutesConfig } from "./platform/upstreams-config.ts";
import { poolTraits, startUpstreams, toRoutes, type UpstreamsOptions } from "./start-upstreams.ts";

/** Who answers for which model, now. */
export interface LiveRoutes {
  readonly router: Router;
  /** The models that are served, always by the routes of now. */
  createRegistry(
    options: Pick<ModelRegistryOptions, "vision" | "seeing" | "runsCode"> & {
      /** The smallest cached prefix of every model; null: the platform's own figures. */
      readonly minimumTokens: number | null;
    },
  ): ModelRegistry;
  current(): RoutesConfig;
  /** The same on every node that goes by the same routes. */
  digest(): string;
  /** From now on these: turns under way end where they are. Throws, and changes nothing, where they cannot be used. */
  change(routes: RoutesConfig): void;
}

/** The router by these routes, with its figures among the metrics. */
export function startRoutes(options: UpstreamsOptions): LiveRoutes {
  const { config, ...upstreams } = options;
  const router = startUpstreams(options);
  let routes: RoutesConfig = config;
  options.metrics.watchUpstreams(() => router.status());
  options.metrics.watchRoutes(() => ({ digest: digestOf(routes), queues: router.queues() }));
  return {
    router,
    createRegistry({ minimumTokens: minimum, ...registry }) {
      const create = (): ModelRegistry =>
        createModelRegistry({
          ...registry,
          mapping: routes.models,
          engine: router,
          pools: poolTraits(routes),
          ...(minimum === null ? {} : { minimumCacheTokens: minimumForEveryLine(minimum, routes) }),
        });
      let [made, madeOf] = [create(), routes];
      const now = (): ModelRegistry => {
        if (madeOf !== routes) [made, madeOf] = [create(), routes];
        return made;
      };
      return { resolve: (id) => now().resolve(id), list: () => now().list(), get: (id) => now().get(id) };
    },
    current: () => routes,
    digest: () => digestOf(routes),
    change({ models, upstreams: servers, pools }) {
      const changed = { models, upstreams: servers, pools };
      router.reroute(toRoutes(changed, upstreams));
      routes = changed;
    },
  };
}

/** Goes by the configuration as it is now. What it returns says why everything stays as it was; null: it does not. */
export function createRouteReloader({
  routes,
  reread,
  changes,
  log,
}: {
  readonly routes: Pick<LiveRoutes, "change" | "digest">;
  readonly reread: () => RoutesConfig;
  readonly changes: Pick<Changes, "note">;
  readonly log: Pick<Log, "info" | "error">;
}): () => string | null {
  return () => {
    try {
      routes.change(reread());
    } catch (error) {
      log.error({ err: error }, "the routes stay as they were: the new ones cannot be used");
      return reasonOf(error);
    }
    log.info({ digest: routes.digest() }, "the routes are those of the configuration now");
    changes.note(null, "models");
    return null;
  };
}

function minimumForEveryLine(minimum: number, { models }: RoutesConfig): Readonly<Record<string, number>> {
  const lines = ["haiku", "sonnet", "opus", "fable", "mythos", ...Object.values(models)];
  return Object.fromEntries(lines.map((line) => [line, minimum]));
}

/** Without values, which may be keys, and without paths. */
function reasonOf(error: unknown): string {
  if (!(error instanceof ConfigError)) return error instanceof Error ? error.message : String(error);
  return error.problems.map(({ key, from, remedy }) => (key === from ? remedy : `${key} ${remedy}`)).join("; ");
}

const DIGEST_CHARACTERS = 12;

function digestOf({ models, upstreams, pools }: RoutesConfig): string {
  const text = JSON.stringify([models, upstreams, pools]);
  return createHash("sha256").update(text).digest("hex").slice(0, DIGEST_CHARACTERS);
}
