import type { Clock } from "../../platform/clock.ts";
import { Failure, fail } from "../../platform/fail.ts";
import type { Traced } from "../../platform/exemplar.ts";
import type { Log } from "../../platform/log.ts";
import type { Metrics } from "../../platform/metrics.ts";
import { traceEngine, type EngineTracing } from "../../platform/trace-engine.ts";
import type { Engine, WeightsDescription } from "../../turn/engine.ts";
import type { TurnEvent } from "../../turn/turn-event.ts";
import type { Turn } from "../../turn/turn.ts";
import type { UpstreamDriver } from "../upstream/upstream-driver.ts";
import { UpstreamFailure } from "../upstream/upstream-failure.ts";
import { affinityOf, chooseTarget, hashOfName, turnTokens } from "./choose-target.ts";
import { createServiceTimes } from "./service-times.ts";
import { createTurnQueue } from "./turn-queue.ts";
import { createUpstreamNode, type Upstream, type UpstreamNode, type UpstreamStatus } from "./upstream-node.ts";

export interface PoolTarget {
  /** The upstream's name. */
  readonly upstream: string;
  /** Its own name of the model; null: as the client has it. */
  readonly model: string | null;
  readonly weight: number;
  /** The turns that it takes. */
  readonly classes: readonly Turn["priority"][];
}

export interface Pool {
  readonly description: WeightsDescription;
  /** The operator has set the context: what targets tell can only be less. */
  readonly hasOwnContext?: boolean;
  readonly targets: readonly PoolTarget[];
  /** Pools, or local weights, in the order in which they are asked. */
  readonly fallbacks: readonly string[];
  /** How many turns may wait for a place at one of its targets, and how long each. */
  readonly queue: { readonly turnsMax: number; readonly waitMs: number };
}

/** Who answers for which name. */
export interface Routes {
  readonly upstreams: ReadonlyMap<string, Upstream>;
  /** By the name that models are served under. */
  readonly pools: ReadonlyMap<string, Pool>;
}

export interface RouterOptions extends Routes {
  /** Runs what no pool has the name of. */
  readonly local: Engine;
  /** Where the local engine stands, as far as that is promised. */
  readonly localGeo: "us" | null;
  readonly clock: Clock;
  readonly log: Pick<Log, "info" | "warn">;
  readonly metrics: Pick<Metrics, "upstreamTurn" | "upstreamRetried" | "upstreamFellBack" | "poolWaited">;
  readonly tracing: EngineTracing;
  /** How often a well upstream is probed. */
  readonly probeEveryMs?: number;
}

export interface PoolStatus {
  readonly pool: string;
  readonly queuedTurns: number;
}

export interface Router extends Engine {
  status(): readonly UpstreamStatus[];
  /** Of one upstream, for processes that use it through this one; null: there is none of that name. */
  driverOf(upstream: string): UpstreamDriver | null;
  queues(): readonly PoolStatus[];
  /**
   * From now on these. Turns under way end where they are; those that wait go by the new routes. Throws, and changes nothing, where an
   * upstream cannot be made.
   */
  reroute(routes: Routes): void;
  /** From now on no new turn goes to these upstreams, and to all others again. What they have ends there; probes go on. */
  drain(upstreams: ReadonlySet<string>): void;
  close(): void;
}

interface Target extends PoolTarget {
  readonly name: string;
  readonly nameHash: number;
  readonly node: UpstreamNode;
  readonly outstanding: number;
}

interface OpenPool extends Pool {
  readonly name: string;
  readonly targets: readonly Target[];
}

/** A turn's place at a target. */
interface Place {
  readonly target: Target;
  readonly leave: () => void;
}

const PROBE_EVERY_MS = 15_000;
const ATTEMPTS_MAX = 3;
const RETRY_SECONDS_MIN = 1;
/** How long somebody drains an upstream for is not known. */
const DRAINED_RETRY_MS = 30_000;

/** An engine of pools of upstreams beside the local one. See docs/decisions/2026-11-22-upstream-engines.md. */
export function createRouter(options: RouterOptions): Router {
  const { local, localGeo, clock, log, metrics, tracing, probeEveryMs = PROBE_EVERY_MS } = options;
  const running = new Map<string, number>();
  const queued = new Map<string, number>();
  const times = createServiceTimes();
  const queue = createTurnQueue((workspaceId) => running.get(workspaceId) ?? 0);
  let drained: ReadonlySet<string> = new Set();
  let isClosed = false;
  let [nodes, pools] = open(options, new Map());

  /** Upstreams that are as they were stay. */
  function open(routes: Routes, before: ReadonlyMap<string, UpstreamNode>): [Map<string, UpstreamNode>, Map<string, OpenPool>] {
    const made: UpstreamNode[] = [];
    try {
      const next = new Map(
        [...routes.upstreams].map(([name, upstream]): [string, UpstreamNode] => {
          const old = before.get(name);
          if (old?.upstream.identity === upstream.identity) return [name, old];
          const isDrained = (): boolean => drained.has(name);
          const node = createUpstreamNode(name, upstream, { clock, log, probeEveryMs, isDrained, onRoom: () => queue.wake() });
          made.push(node);
          return [name, node];
        }),
      );
      const toTarget = (target: PoolTarget): Target => {
        const node = next.get(target.upstream);
        if (node === undefined) throw new Error(`there is no upstream ${target.upstream}`);
        const name = `${target.upstream}/${target.model ?? ""}`;
        return {
          ...target,
          name,
          nameHash: hashOfName(name),
          node,
          get outstanding() {
            return node.outstandingTokens();
          },
        };
      };
      return [
        next,
        new Map([...routes.pools].map(([name, pool]) => [name, { ...pool, name, targets: pool.targets.map(toTarget) }])),
      ];
    } catch (error) {
      for (const node of made) node.close();
      throw error;
    }
  }

  /** One turn at its place. What is thrown before anything was yielded may be tried elsewhere. */
  async function* attempt(
    { target, leave }: Place,
    turn: Turn,
    isFallback: boolean,
    signal: AbortSignal,
  ): AsyncGenerator<TurnEvent, void, void> {
    const { node, model } = target;
    const begunMs = clock.monotonicMs();
    let firstMs: number | null = null;
    let outcome = "left";
    try {
      const asks = { name: `upstream ${node.name}`, side: "asks" } as const;
      const ask = (traced: Turn) => node.driver.run(traced, { model, isFallback }, signal);
      for await (const event of traceEngine(tracing, asks, turn, ask)) {
        firstMs ??= clock.monotonicMs() - begunMs;
        if (event.type === "end") {
          outcome = "completed";
          node.succeeded();
          // One that failed at once says nothing of how long those take that wait for its place.
          times.took(node.name, clock.monotonicMs() - begunMs);
        }
        yield event;
      }
    } catch (error) {
      if (!signal.aborted) {
        outcome = error instanceof UpstreamFailure ? error.fault : "error";
        node.failed(error);
      }
      throw error;
    } finally {
      leave();
      metrics.upstreamTurn({ upstream: node.name, outcome, firstEventMs: firstMs }, tracedBy(turn));
    }
  }

  /** Throws where the pool has nobody, or nobody left, to ask: at once, or while it waits. */
  async function takePlace(name: string, turn: Turn, tried: ReadonlySet<string>, signal: AbortSignal): Promise<Place | null> {
    let affinity: string | null = null;
    const findOpen = (): readonly Target[] =>
      (pools.get(name)?.targets ?? []).filter((each) => isFor(each, turn) && !tried.has(each.name) && each.node.isOpen());
    const take = (): Place | "nobody" | null => {
      const left = findOpen();
      if (left.length === 0) return "nobody";
      const free = left.filter(({ node }) => node.hasRoom());
      const target = chooseTarget(free, () => (affinity ??= affinityOf(turn)));
      return target === null ? null : { target, leave: enter(target.node, turn) };
    };
    const { workspaceId, priority } = turn;
    const now = take();
    if (now === "nobody") return null;
    if (now !== null) return now;
    const pool = pools.get(name);
    const waiting = queued.get(name) ?? 0;
    if (pool === undefined || waiting >= pool.queue.turnsMax) throw isFull(name, waiting, findOpen());
    queued.set(name, waiting + 1);
    const begunMs = clock.monotonicMs();
    try {
      const kind = JSON.stringify([name, priority, turn.inferenceGeo, [...tried]]);
      const place = await queue.enter({ workspaceId, priority, kind, take, waitMs: pool.queue.waitMs }, signal);
      if (place === null) throw isFull(name, waiting, findOpen());
      return place === "nobody" ? null : place;
    } finally {
      metrics.poolWaited({ pool: name, workspaceId, waitedMs: clock.monotonicMs() - begunMs }, tracedBy(turn));
      queued.set(name, (queued.get(name) ?? 1) - 1);
    }
  }

  function enter(node: UpstreamNode, turn: Turn): () => void {
    const { workspaceId } = turn;
    running.set(workspaceId, (running.get(workspaceId) ?? 0) + 1);
    const leave = node.enter(turnTokens(turn));
    return () => {
      const left = (running.get(workspaceId) ?? 1) - 1;
      if (left === 0) running.delete(workspaceId);
      else running.set(workspaceId, left);
      leave();
    };
  }

  const runLocal = (turn: Turn, signal: AbortSignal) =>
    traceEngine(tracing, { name: `engine ${turn.weights}`, side: "inside" }, turn, (traced) => local.run(traced, signal));

  async function* run(turn: Turn, signal: AbortSignal): AsyncGenerator<TurnEvent, void, void> {
    const asked = pools.get(turn.weights);
    if (asked === undefined) return yield* runLocal(turn, signal);
    if (!asked.targets.some((target) => isFor(target, turn))) throw isForNobody(asked, turn);
    let attempts = 0;
    let failure: Failure | null = null;
    for (const name of [turn.weights, ...asked.fallbacks]) {
      const isFallback = name !== turn.weights;
      const fallback = isFallback ? { fallback: { to: name } } : {};
      if (!pools.has(name)) {
        if (turn.inferenceGeo === "us" && localGeo !== "us") continue;
        metrics.upstreamFellBack(turn.weights, name);
        for await (const event of runLocal({ ...turn, weights: name }, signal)) {
          yield event.type === "start" ? { ...event, ...fallback } : event;
        }
        return;
      }
      const tried = new Set<string>();
      while (attempts < ATTEMPTS_MAX * (isFallback ? 2 : 1)) {
        let place: Place | null;
        try {
          place = await takePlace(name, turn, tried, signal);
        } catch (error) {
          if (signal.aborted || !isOverload(error)) throw error;
          failure = error;
          break;
        }
        if (place === null) break;
        const { target } = place;
        if (failure instanceof UpstreamFailure && tried.size > 0) metrics.upstreamRetried(target.node.name, failure.fault);
        else if (isFallback) metrics.upstreamFellBack(turn.weights, name);
        tried.add(target.name);
        attempts += 1;
        let hasBegun = false;
        try {
          for await (const event of attempt(place, { ...turn, weights: name }, isFallback, signal)) {
            hasBegun = true;
            yield event.type === "start" ? { ...event, ...fallback } : event;
          }
          return;
        } catch (error) {
          if (hasBegun || signal.aborted || !(error instanceof UpstreamFailure) || error.fault === "request") throw error;
          failure = error;
          log.info({ upstream: target.node.name, fault: error.fault, requestId: turn.requestId }, "an upstream failed a turn");
        }
      }
    }
    throw failure === null || isGone(failure) ? allPaused(pools.get(turn.weights) ?? asked, turn, failure) : failure;
  }

  /** Nobody is there to ask. */
  function allPaused({ targets }: OpenPool, turn: Turn, cause: unknown = null): Failure {
    const asked = targets.filter((target) => isFor(target, turn));
    const waitsMs = asked.map(({ node }) => (node.isDrained() ? DRAINED_RETRY_MS : node.pausedUntilMs() - clock.monotonicMs()));
    const seconds = asked.length === 0 ? 0 : Math.ceil(Math.min(...waitsMs) / 1000);
    return fail("overloaded_error", {
      public: "No upstream of this model can take a turn now. Try again later.",
      internal: `all paused or drained: ${asked.map(({ node }) => node.name).join(", ")}`,
      retryAfterSeconds: Math.max(RETRY_SECONDS_MIN, seconds),
      cause,
    });
  }

  /** Too many wait, or too long: says when those who wait now will have been served, by how long turns take. */
  function isFull(name: string, waiting: number, targets: readonly Target[]): Failure {
    const perMs = targets.reduce(
      (sum, { node }) => sum + (node.upstream.turnsMax ?? Number.POSITIVE_INFINITY) / times.meanMs(node.name),
      0,
    );
    return fail("overloaded_error", {
      public: "Too many turns wait for this model. Try again later.",
      internal: `${waiting} turns wait for ${name}`,
      retryAfterSeconds: Math.max(RETRY_SECONDS_MIN, perMs > 0 ? Math.ceil((waiting + 1) / perMs / 1000) : 0),
    });
  }

  /** A count on the target that the turn would go to, or another. It waits for no place: it decodes nothing. */
  async function count<T>(turn: Turn, ask: (driver: UpstreamDriver, model: string | null) => Promise<T>): Promise<T> {
    const pool = pools.get(turn.weights);
    if (pool === undefined) throw new Error(`${turn.weights} is no pool`);
    const tried = new Set<Target>();
    let failure: unknown = null;
    for (;;) {
      const left = pool.targets.filter((each) => canServe(each, turn) && !tried.has(each) && each.node.isOpen());
      const target = chooseTarget(left, () => affinityOf(turn));
      if (target === null) throw failure ?? allPaused(pool, turn);
      tried.add(target);
      // It keeps the driver from being closed under it.
      const leave = target.node.hold();
      try {
        return await ask(target.node.driver, target.model);
      } catch (error) {
        if (!(error instanceof UpstreamFailure)) throw error;
        // Who counts nothing, or limits it, may take turns all the same; who is not there takes none.
        if (error.fault === "unreachable") target.node.failed(error);
        if (error.fault === "request") throw error;
        failure = error;
      } finally {
        leave();
      }
    }
  }

  /** A pool can do what each of its targets can that has told. */
  function describe({ description, targets, hasOwnContext }: OpenPool): WeightsDescription {
    const told = targets.flatMap(({ node }) => node.driver.describe?.() ?? []);
    if (told.length === 0) return description;
    const contextTokens = Math.min(
      ...told.map((each) => each.contextTokens),
      ...(hasOwnContext ? [description.contextTokens] : []),
    );
    const thinking = told.every((each) => each.thinking === "native") ? "native" : "emulated";
    return { ...description, contextTokens, thinking };
  }

  return {
    run,
    list: async () => [...(await local.list()), ...[...pools.values()].map(describe)],
    countTokens: (turn, signal) =>
      pools.has(turn.weights)
        ? count(turn, (driver, model) => driver.countTokens(turn, model, signal))
        : local.countTokens(turn, signal),
    countOnWire: (turn, signal) =>
      count(turn, async (driver, model) => {
        if (driver.countOnWire) return driver.countOnWire(turn, model, signal);
        return { input_tokens: await driver.countTokens(turn, model, signal) };
      }),
    driverOf: (upstream) => nodes.get(upstream)?.driver ?? null,
    status: () => [...nodes.values()].map((node) => node.status()),
    queues: () => [...pools.keys()].map((pool) => ({ pool, queuedTurns: queued.get(pool) ?? 0 })),
    reroute(routes) {
      if (isClosed) return;
      const before = nodes;
      [nodes, pools] = open(routes, before);
      for (const node of before.values()) if (nodes.get(node.name) !== node) node.retire();
      for (const pool of queued.keys()) if (!pools.has(pool) && queued.get(pool) === 0) queued.delete(pool);
      queue.wake();
    },
    drain(upstreams) {
      drained = upstreams;
      queue.wake();
    },
    close() {
      isClosed = true;
      for (const node of nodes.values()) node.close();
    },
  };
}

function isFor(target: Target, turn: Turn): boolean {
  return target.classes.includes(turn.priority) && canServe(target, turn);
}

/** Whether it stands where the turn may run, and is spoken to as the turn was prepared: routes may have changed since. */
function canServe({ node: { upstream } }: Target, { inferenceGeo, wire }: Turn): boolean {
  return (inferenceGeo !== "us" || upstream.geo === "us") && upstream.isPassedOn === (wire !== undefined);
}

/** The configuration gives every class somebody, but not every class in every place. */
function isForNobody({ targets }: OpenPool, { priority, inferenceGeo, wire, weights }: Turn): Failure {
  if (targets.some(({ node }) => node.upstream.isPassedOn !== (wire !== undefined))) {
    return fail("overloaded_error", {
      public: "The routes of this model have just changed. Try again.",
      internal: `${weights} was of the other way when the turn was prepared`,
      retryAfterSeconds: RETRY_SECONDS_MIN,
    });
  }
  return fail("invalid_request_error", {
    public: `inference_geo: this model takes no turns of the class '${priority}' in '${inferenceGeo ?? "global"}'`,
    internal: `no target of ${weights} takes such turns`,
  });
}

function tracedBy({ requestId, traceparent }: Turn): Traced {
  return { requestId, traceparent };
}

/** Nobody is there, or is there any more. */
function isGone(failure: Failure): boolean {
  return failure instanceof UpstreamFailure && (failure.fault === "unreachable" || failure.fault === "cut");
}

function isOverload(error: unknown): error is Failure {
  return error instanceof Failure && error.type === "overloaded_error";
}
