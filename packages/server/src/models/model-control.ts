import type { ConsoleModels, ConsoleWeights } from "@parley/wire";
import type { LocalModels, PlannedModel } from "../engines/local/create-local-models.ts";
import type { ModelStatus } from "../engines/local/model-pool-types.ts";
import type { PoolStatus } from "../engines/router/create-router.ts";
import type { UpstreamStatus } from "../engines/router/upstream-node.ts";
import type { ModelLoad } from "../engines/turn-engine/create-turn-engine.ts";
import type { Changes } from "../platform/changes.ts";
import type { Clock } from "../platform/clock.ts";
import { Failure, fail } from "../platform/fail.ts";
import type { Log } from "../platform/log.ts";
import type { RoutesConfig } from "../platform/upstreams-config.ts";
import type { CatalogWeights } from "../weights/catalog.ts";
import type { Pull, Pulls } from "../weights/create-pulls.ts";
import type { InstalledWeights, WeightsStore } from "../weights/weights-store.ts";

/** What the Console shows of the models of this server, and does with them. */
export interface ModelControl {
  /** Where weights are fetched from, and what went wrong there, is told to administrators only. */
  state(viewer: { readonly maySteer: boolean }): Promise<ConsoleModels>;
  /** Begins to load; whether it worked is seen in the state. */
  load(weights: string): Promise<void>;
  unload(weights: string): Promise<void>;
  pull(weights: string): Promise<void>;
  stopPull(weights: string): Promise<void>;
  /** Reads anew who answers for which model, here and on the other nodes. Throws where that cannot be used. */
  reloadRoutes(askedBy: string): Promise<void>;
}

/** Of what this server has on disk now, planning costs a look into each file: not for every page and second. */
const PLANS_AGE_MS = 3_000;

export function createModelControl(deps: {
  readonly pool: Pick<LocalModels, "status" | "plans" | "preload" | "release">;
  readonly loads: () => readonly ModelLoad[];
  readonly store: Pick<WeightsStore, "list" | "find">;
  /** Weights that can be fetched. */
  readonly catalog: readonly CatalogWeights[];
  readonly pulls: Pulls;
  readonly snapshots: () => { readonly snapshots: number; readonly bytes: number };
  readonly snapshotBudgetBytes: number;
  readonly routes: () => RoutesConfig;
  /** Other servers that answer. */
  readonly upstreams: {
    readonly status: () => readonly UpstreamStatus[];
    readonly queues: () => readonly PoolStatus[];
    /** Returns why the routes stay as they were; null: they do not. */
    readonly reload: () => string | null;
    readonly tellOthers: (askedBy: string) => Promise<unknown>;
  };
  readonly availableBytes: () => Promise<number>;
  readonly changes: Pick<Changes, "note">;
  readonly clock: Clock;
  readonly log: Pick<Log, "warn">;
  /** Ends a load that is under way when the server stops. */
  readonly signal: AbortSignal;
}): ModelControl {
  const { pool, store, catalog, pulls, changes, clock, log, signal } = deps;
  const loadFaults = new Map<string, string>();
  let plans: { readonly atMs: number; readonly list: Promise<readonly PlannedModel[]> } | null = null;

  function recentPlans(): Promise<readonly PlannedModel[]> {
    const nowMs = clock.monotonicMs();
    if (plans === null || nowMs - plans.atMs > PLANS_AGE_MS) plans = { atMs: nowMs, list: pool.plans() };
    return plans.list;
  }

  function noteChange(): void {
    plans = null;
    changes.note(null, "models");
  }

  async function requireInstalled(weights: string): Promise<InstalledWeights> {
    const installed = await store.find(weights);
    if (!installed) throw fail("not_found_error", { public: `Weights not found: ${weights}` });
    return installed;
  }

  return {
    async state({ maySteer }) {
      const [installed, planned, availableBytes] = await Promise.all([store.list(), recentPlans(), deps.availableBytes()]);
      const here = new Set(installed.map(({ name }) => name));
      const status = pool.status();
      const loads = deps.loads();
      const fetched = pulls.list();
      const known = catalog.filter(({ name }) => !here.has(name)).map(({ name, title, bytes }) => ({ name, title, bytes }));
      const { snapshots, bytes } = deps.snapshots();
      const { models: mapping, upstreams, pools } = deps.routes();
      const queues = deps.upstreams.queues();
      return {
        type: "console_models",
        may_steer: maySteer,
        weights: [...installed, ...known].map(({ name, title, bytes: size }): ConsoleWeights => {
          const engine = status.models.find((model) => model.weights === name);
          return {
            name,
            title,
            bytes: size,
            license: catalog.find((weights) => weights.name === name)?.license ?? null,
            is_installed: here.has(name),
            engine: engine
              ? toEngine(
                  engine,
                  loads.find((load) => load.weights === name),
                )
              : null,
            plan: toPlan(planned.find((plan) => plan.weights === name)),
            pull: toPull(
              fetched.find((pull) => pull.weights === name),
              maySteer,
            ),
            load_fault: loadFaults.get(name) ?? null,
          };
        }),
        families: Object.entries(mapping).map(([name, weights]) => ({
          name,
          weights,
          // A pool is there without being on disk.
          is_installed: here.has(weights) || Object.hasOwn(pools, weights),
        })),
        upstreams: deps.upstreams.status().map((status) => {
          const configured = upstreams[status.upstream];
          const { kind = "", geo = null } = configured ?? {};
          return toUpstream(status, { kind, geo, url: maySteer ? (configured?.url ?? null) : null });
        }),
        pools: Object.entries(pools).map(([name, { title, targets, fallbacks }]) => ({
          name,
          title: title ?? name,
          targets,
          fallbacks,
          queued_turns: queues.find(({ pool }) => pool === name)?.queuedTurns ?? 0,
        })),
        memory: { planned_bytes: status.plannedBytes, budget_bytes: status.budgetBytes, available_bytes: availableBytes },
        snapshots: { count: snapshots, bytes, budget_bytes: deps.snapshotBudgetBytes },
      };
    },

    async load(weights) {
      const { name } = await requireInstalled(weights);
      loadFaults.delete(name);
      const loading = pool.preload(name, signal);
      noteChange();
      void loading
        .catch((error: unknown) => {
          if (signal.aborted) return;
          log.warn({ weights: name, err: error }, "the model could not be loaded");
          loadFaults.set(name, error instanceof Failure ? error.publicMessage : "The model could not be loaded.");
        })
        .finally(noteChange);
    },

    async unload(weights) {
      const { name } = await requireInstalled(weights);
      const outcome = await pool.release(name);
      noteChange();
      if (outcome === "busy") {
        throw fail("invalid_request_error", {
          public: "The model is at work or being loaded. Unload it when its turns have ended.",
        });
      }
    },

    async pull(weights) {
      if (await store.find(weights)) throw fail("invalid_request_error", { public: "These weights are on disk already." });
      const known = catalog.find(({ name }) => name === weights);
      if (!known) throw fail("not_found_error", { public: `Weights not found: ${weights}` });
      pulls.start(known);
    },

    async reloadRoutes(askedBy) {
      const problem = deps.upstreams.reload();
      if (problem !== null) throw fail("invalid_request_error", { public: `The configuration cannot be used. ${problem}` });
      await deps.upstreams.tellOthers(askedBy);
    },

    async stopPull(weights) {
      if (!(await pulls.stop(weights))) throw fail("not_found_error", { public: `Weights not found: ${weights}` });
    },
  };
}

function toEngine(status: ModelStatus, load: ModelLoad | undefined): ConsoleWeights["engine"] {
  return {
    state: status.state,
    kind: status.kind,
    slots: status.slots,
    slots_busy: load?.slotsBusy ?? 0,
    queued: load?.queued ?? 0,
    tokens_per_second: Math.round((load?.tokensPerSecond ?? 0) * 10) / 10,
    load_progress: status.loadProgress,
    loaded_at: status.loadedAtMs === null ? null : new Date(status.loadedAtMs).toISOString(),
    crashes: status.crashes,
  };
}

const MS_PER_SECOND = 1_000;
/** A busy upstream answers all the time: open pages are not told of each. */
const ANSWERED_STEP_MS = 10_000;

function toUpstream(
  { upstream, isUp, fault, pausedForMs, answeredAtMs, outstandingTokens, runningTurns, isDrained }: UpstreamStatus,
  { kind, geo, url }: { readonly kind: string; readonly geo: string | null; readonly url: string | null },
): ConsoleModels["upstreams"][number] {
  const toldMs = answeredAtMs === null ? null : Math.floor(answeredAtMs / ANSWERED_STEP_MS) * ANSWERED_STEP_MS;
  return {
    name: upstream,
    kind,
    geo,
    url,
    is_up: isUp,
    fault,
    retry_in_seconds: pausedForMs === null ? null : Math.ceil(pausedForMs / MS_PER_SECOND),
    answered_at: toldMs === null ? null : new Date(toldMs).toISOString(),
    outstanding_tokens: outstandingTokens,
    running_turns: runningTurns,
    is_drained: isDrained,
  };
}

function toPlan(planned: PlannedModel | undefined): ConsoleWeights["plan"] {
  if (!planned?.plan) return null;
  const { memory, demand, cut } = planned.plan;
  return {
    weights_bytes: Math.round(memory.weightsBytes),
    kv_bytes: Math.round(memory.kvBytes),
    compute_bytes: Math.round(memory.computeBytes),
    total_bytes: Math.round(memory.totalBytes),
    slots: demand.slots,
    context_tokens: demand.contextTokens,
    fits: memory.fits,
    cut,
  };
}

function toPull(pull: Pull | undefined, maySteer: boolean): ConsoleWeights["pull"] {
  if (!pull) return null;
  return {
    status: pull.status,
    phase: pull.phase,
    done_bytes: pull.doneBytes,
    total_bytes: pull.totalBytes,
    bytes_per_second: pull.bytesPerSecond,
    fault: maySteer ? pull.fault : null,
  };
}
