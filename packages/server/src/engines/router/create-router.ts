import type { Clock } from "../../platform/clock.ts";
import { fail } from "../../platform/fail.ts";
import type { Log } from "../../platform/log.ts";
import type { Metrics } from "../../platform/metrics.ts";
import type { Engine, WeightsDescription } from "../../turn/engine.ts";
import type { TurnEvent } from "../../turn/turn-event.ts";
import type { Turn } from "../../turn/turn.ts";
import type { UpstreamDriver } from "../upstream/upstream-driver.ts";
import { UpstreamFailure, type UpstreamFault } from "../upstream/upstream-failure.ts";
import { affinityOf, chooseTarget, turnTokens } from "./choose-target.ts";
import { createTargetHealth, type TargetHealth } from "./target-health.ts";

export interface PoolTarget {
  /** The upstream's name. */
  readonly upstream: string;
  /** Its own name of the model; null: as the client has it. */
  readonly model: string | null;
  readonly weight: number;
}

export interface Pool {
  readonly description: WeightsDescription;
  /** The operator has set the context: what targets tell can only be less. */
  readonly hasOwnContext?: boolean;
  readonly targets: readonly PoolTarget[];
  /** Pools, or local weights, in the order in which they are asked. */
  readonly fallbacks: readonly string[];
}

export interface RouterOptions {
  readonly upstreams: ReadonlyMap<string, UpstreamDriver>;
  /** By the name that models are served under. */
  readonly pools: ReadonlyMap<string, Pool>;
  /** Runs what no pool has the name of. */
  readonly local: Engine;
  readonly clock: Clock;
  readonly log: Pick<Log, "info" | "warn">;
  readonly metrics: Pick<Metrics, "upstreamTurn" | "upstreamRetried" | "upstreamFellBack">;
  /** How often a well upstream is probed. */
  readonly probeEveryMs?: number;
}

export interface UpstreamStatus {
  readonly upstream: string;
  readonly isUp: boolean;
  /** Why it is paused, or what its last turns failed of; null: all is well. */
  readonly fault: UpstreamFault | null;
  /** Until it is asked again; null: it is not paused. */
  readonly pausedForMs: number | null;
  /** Wall clock; null: it has not answered since the start. */
  readonly answeredAtMs: number | null;
  readonly outstandingTokens: number;
}

export interface Router extends Engine {
  status(): readonly UpstreamStatus[];
  /** Of one upstream, for processes that use it through this one; null: there is none of that name. */
  driverOf(upstream: string): UpstreamDriver | null;
  close(): void;
}

interface Target extends PoolTarget {
  readonly name: string;
  readonly node: Node;
  readonly outstanding: number;
}

/** One upstream, whatever pools it is in. */
interface Node {
  readonly name: string;
  readonly driver: UpstreamDriver;
  readonly health: TargetHealth;
  outstanding: number;
  fault: UpstreamFault | null;
  answeredAtMs: number | null;
}

const PROBE_EVERY_MS = 15_000;
const PROBE_TIMEOUT_MS = 10_000;
const ATTEMPTS_MAX = 3;
const RETRY_SECONDS_MIN = 1;

/** An engine of pools of upstreams beside the local one. See docs/decisions/2026-11-22-upstream-engines.md. */
export function createRouter(options: RouterOptions): Router {
  const { local, clock, log, metrics, probeEveryMs = PROBE_EVERY_MS } = options;
  const nodes = new Map(
    [...options.upstreams].map(([name, driver]): [string, Node] => [
      name,
      { name, driver, health: createTargetHealth(clock), outstanding: 0, fault: null, answeredAtMs: null },
    ]),
  );
  const pools = new Map([...options.pools].map(([name, pool]) => [name, { ...pool, targets: pool.targets.map(toTarget) }]));
  const closing = new AbortController();

  function toTarget(target: PoolTarget): Target {
    const node = nodes.get(target.upstream);
    if (node === undefined) throw new Error(`there is no upstream ${target.upstream}`);
    return {
      ...target,
      name: `${target.upstream}/${target.model ?? ""}`,
      node,
      get outstanding() {
        return node.outstanding;
      },
    };
  }

  const isOpen = ({ node }: Target): boolean => node.health.pausedUntilMs() === 0;

  function noteSuccess(node: Node): void {
    node.health.succeeded();
    node.fault = null;
    node.answeredAtMs = clock.nowMs();
  }

  function noteFailure(node: Node, error: unknown): void {
    if (!(error instanceof UpstreamFailure)) return;
    const wasSick = node.health.isSick();
    const { fault, retryAfterSeconds } = error;
    node.health.failed(fault, retryAfterSeconds === undefined ? undefined : retryAfterSeconds * 1000);
    // What is wrong with a request says nothing of the upstream but that it answers.
    if (fault === "request") node.answeredAtMs = clock.nowMs();
    else node.fault = fault;
    if (node.health.isSick() && !wasSick) log.warn({ upstream: node.name, fault, err: error }, "an upstream is paused");
  }

  /** One turn on one target. What is thrown before anything was yielded may be tried elsewhere. */
  async function* attempt(
    target: Target,
    turn: Turn,
    isFallback: boolean,
    signal: AbortSignal,
  ): AsyncGenerator<TurnEvent, void, void> {
    const { node, model } = target;
    const tokens = turnTokens(turn);
    const begunMs = clock.monotonicMs();
    let firstMs: number | null = null;
    let outcome = "left";
    node.outstanding += tokens;
    try {
      for await (const event of node.driver.run(turn, { model, isFallback }, signal)) {
        firstMs ??= clock.monotonicMs() - begunMs;
        if (event.type === "end") {
          outcome = "completed";
          noteSuccess(node);
        }
        yield event;
      }
    } catch (error) {
      if (!signal.aborted) {
        outcome = error instanceof UpstreamFailure ? error.fault : "error";
        noteFailure(node, error);
      }
      throw error;
    } finally {
      node.outstanding -= tokens;
      metrics.upstreamTurn({ upstream: node.name, outcome, firstEventMs: firstMs });
    }
  }

  async function* run(turn: Turn, signal: AbortSignal): AsyncGenerator<TurnEvent, void, void> {
    const asked = pools.get(turn.weights);
    if (asked === undefined) return yield* local.run(turn, signal);
    let attempts = 0;
    let failure: UpstreamFailure | null = null;
    for (const name of [turn.weights, ...asked.fallbacks]) {
      const isFallback = name !== turn.weights;
      const pool = pools.get(name);
      const fallback = isFallback ? { fallback: { to: name } } : {};
      if (pool === undefined) {
        metrics.upstreamFellBack(turn.weights, name);
        for await (const event of local.run({ ...turn, weights: name }, signal)) {
          yield event.type === "start" ? { ...event, ...fallback } : event;
        }
        return;
      }
      const tried = new Set<Target>();
      for (;;) {
        const left = pool.targets.filter((each) => !tried.has(each) && isOpen(each));
        const target = chooseTarget(left, () => affinityOf(turn));
        if (target === null || attempts >= ATTEMPTS_MAX * (isFallback ? 2 : 1)) break;
        if (failure !== null && tried.size > 0) metrics.upstreamRetried(target.node.name, failure.fault);
        else if (isFallback) metrics.upstreamFellBack(turn.weights, name);
        tried.add(target);
        attempts += 1;
        let hasBegun = false;
        try {
          for await (const event of attempt(target, { ...turn, weights: name }, isFallback, signal)) {
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
    throw failure === null || failure.fault === "unreachable" ? allPaused(asked, failure) : failure;
  }

  /** Nobody is there to ask. */
  function allPaused({ targets }: { readonly targets: readonly Target[] }, cause: unknown = null) {
    const untilMs = Math.min(...targets.map(({ node }) => node.health.pausedUntilMs()));
    const seconds = Math.ceil((untilMs - clock.monotonicMs()) / 1000);
    return fail("overloaded_error", {
      public: "No upstream of this model can take a turn now. Try again later.",
      internal: `all paused: ${targets.map(({ node }) => node.name).join(", ")}`,
      retryAfterSeconds: Math.max(RETRY_SECONDS_MIN, seconds),
      cause,
    });
  }

  /** A count on the target that the turn would go to, or another. */
  async function count<T>(turn: Turn, ask: (driver: UpstreamDriver, model: string | null) => Promise<T>): Promise<T> {
    const pool = pools.get(turn.weights);
    if (pool === undefined) throw new Error(`${turn.weights} is no pool`);
    const tried = new Set<Target>();
    let failure: unknown = null;
    for (;;) {
      const left = pool.targets.filter((each) => !tried.has(each) && isOpen(each));
      const target = chooseTarget(left, () => affinityOf(turn));
      if (target === null) throw failure ?? allPaused(pool);
      tried.add(target);
      try {
        return await ask(target.node.driver, target.model);
      } catch (error) {
        noteFailure(target.node, error);
        if (!(error instanceof UpstreamFailure) || error.fault === "request") throw error;
        failure = error;
      }
    }
  }

  /** A pool can do what each of its targets can that has told. */
  function describe({ description, targets, hasOwnContext }: { readonly targets: readonly Target[] } & Pool): WeightsDescription {
    const told = targets.flatMap(({ node }) => node.driver.describe?.() ?? []);
    if (told.length === 0) return description;
    const contextTokens = Math.min(
      ...told.map((each) => each.contextTokens),
      ...(hasOwnContext ? [description.contextTokens] : []),
    );
    const thinking = told.every((each) => each.thinking === "native") ? "native" : "emulated";
    return { ...description, contextTokens, thinking };
  }

  async function probe(node: Node): Promise<void> {
    const wasSick = node.health.isSick();
    try {
      await node.driver.probe(AbortSignal.any([closing.signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]));
      node.answeredAtMs = clock.nowMs();
      if (!wasSick) return;
      noteSuccess(node);
      log.info({ upstream: node.name }, "an upstream is back");
    } catch (error) {
      if (closing.signal.aborted) return;
      if (error instanceof UpstreamFailure && error.fault !== "limited") noteFailure(node, error);
      else if (!(error instanceof UpstreamFailure)) {
        node.health.failed("unreachable", undefined);
        node.fault = "unreachable";
      }
    }
  }

  /** While well, now and then; while paused, when the pause is over. */
  function watch(node: Node): void {
    let timer: NodeJS.Timeout | null = null;
    let wakeAtMs = clock.monotonicMs() + probeEveryMs;
    const tick = async (): Promise<void> => {
      const nowMs = clock.monotonicMs();
      const isDue = node.health.isSick() ? nowMs >= node.health.pausedUntilMs() : nowMs >= wakeAtMs;
      if (isDue) {
        await probe(node);
        wakeAtMs = clock.monotonicMs() + probeEveryMs;
      }
      if (!closing.signal.aborted) schedule();
    };
    const schedule = (): void => {
      timer = setTimeout(() => void tick(), TICK_MS);
      timer.unref();
    };
    closing.signal.addEventListener("abort", () => timer && clearTimeout(timer));
    void probe(node).then(schedule);
  }
  for (const node of nodes.values()) watch(node);

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
    status: () =>
      [...nodes.values()].map(({ name, health, outstanding, fault, answeredAtMs }) => {
        const untilMs = health.pausedUntilMs();
        return {
          upstream: name,
          isUp: untilMs === 0,
          fault,
          pausedForMs: untilMs === 0 ? null : Math.max(0, untilMs - clock.monotonicMs()),
          answeredAtMs,
          outstandingTokens: outstanding,
        };
      }),
    close() {
      closing.abort(new Error("the router is closed"));
      for (const { driver } of nodes.values()) driver.close();
    },
  };
}

/** How soon a pause that is over is noticed. */
const TICK_MS = 500;
