import { AggregatorRegistry, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Timings, Usage } from "../turn/turn-event.ts";

/**
 * Prometheus metrics of one server. Labels are bounded: never an id of a request, a key or a workspace, and not the model's
 * either, which a client may make up within a line.
 */
export interface Metrics {
  httpRequest(request: { endpoint: string; method: string; status: number; durationMs: number }): void;
  turnStarted(): void;
  firstEvent(modelClass: string, sinceArrivalMs: number): void;
  turnEnded(turn: { modelClass: string; weights: string; outcome: string; usage: Usage; timings: Timings }): void;
  turnShared(how: "joined" | "replayed"): void;
  clientGone(reason: "closed" | "stalled"): void;
  engineRestarted(weights: string): void;
  /** One turn on one upstream. `firstEventMs`: null where nothing came. */
  upstreamTurn(turn: { upstream: string; outcome: string; firstEventMs: number | null }): void;
  /** A turn goes to this upstream after another had failed it. */
  upstreamRetried(upstream: string, fault: string): void;
  upstreamFellBack(from: string, to: string): void;
  /** Read at each scrape. */
  watchUpstreams(read: () => readonly UpstreamGauge[]): void;
  /** Read at each scrape. */
  watchRoutes(read: () => RoutesGauge): void;
  /** The last comparison of ledger, sums and credits: how many things differ, by what was compared. */
  reconciled(differences: Readonly<Record<string, number>>): void;
  /** Read at each scrape. */
  watchEngine(read: () => EngineLoad): void;
  /** What this process has counted, for another to add up. */
  read(): Promise<MetricReadings>;
  /** The text format of Prometheus. */
  expose(): Promise<ExposedMetrics>;
}

/** As JSON holds it. */
export type MetricReadings = Awaited<ReturnType<Registry["getMetricsAsJSON"]>>;

export interface ExposedMetrics {
  readonly contentType: string;
  readonly text: string;
}

/** The sums over processes; of gauges that are no amounts the least or the average. */
export async function mergeMetrics(readings: readonly MetricReadings[]): Promise<ExposedMetrics> {
  // The library asks for an array that it does not change.
  const merged = AggregatorRegistry.aggregate([...readings]);
  return { contentType: merged.contentType, text: await merged.metrics() };
}

export interface UpstreamGauge {
  readonly upstream: string;
  readonly isUp: boolean;
  readonly outstandingTokens: number;
  readonly runningTurns: number;
}

export interface RoutesGauge {
  /** The same on all nodes that go by the same routes. */
  readonly digest: string;
  readonly queues: readonly { readonly pool: string; readonly queuedTurns: number }[];
}

export interface EngineLoad {
  readonly slotsBusy: number;
  readonly slots: number;
  readonly queued: number;
}

const SECONDS = [0.001, 0.005, 0.02, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];
const MS_PER_SECOND = 1000;

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({
    name: "parley_http_requests_total",
    help: "Requests answered",
    labelNames: ["endpoint", "method", "status"],
    registers,
  });
  const requestSeconds = new Histogram({
    name: "parley_http_request_duration_seconds",
    help: "From arrival to the last byte",
    labelNames: ["endpoint"],
    buckets: SECONDS,
    registers,
  });
  const running = new Gauge({ name: "parley_turns_running", help: "Turns under way", registers });
  const turns = new Counter({
    name: "parley_turns_total",
    help: "Turns ended, by outcome",
    labelNames: ["model_class", "weights", "outcome"],
    registers,
  });
  const tokens = new Counter({
    name: "parley_tokens_total",
    help: "Tokens accounted, by kind",
    labelNames: ["model_class", "kind"],
    registers,
  });
  const firstEventSeconds = new Histogram({
    name: "parley_time_to_first_block_seconds",
    help: "From arrival to the first content block",
    labelNames: ["model_class"],
    buckets: SECONDS,
    registers,
  });
  const phaseSeconds = new Histogram({
    name: "parley_turn_phase_seconds",
    help: "Time of a turn by phase",
    labelNames: ["phase"],
    buckets: SECONDS,
    registers,
  });
  const shared = new Counter({
    name: "parley_turns_shared_total",
    help: "Requests answered by another request's turn",
    labelNames: ["how"],
    registers,
  });
  const gone = new Counter({
    name: "parley_clients_gone_total",
    help: "Clients that left or stalled before their reply ended",
    labelNames: ["reason"],
    registers,
  });
  const restarts = new Counter({
    name: "parley_engine_restarts_total",
    help: "Engine processes started again",
    labelNames: ["weights"],
    registers,
  });
  const upstreamTurns = new Counter({
    name: "parley_upstream_turns_total",
    help: "Turns that an upstream was given, by how they ended there",
    labelNames: ["upstream", "outcome"],
    registers,
  });
  const upstreamFirst = new Histogram({
    name: "parley_upstream_first_event_seconds",
    help: "From asking an upstream to its first event",
    labelNames: ["upstream"],
    buckets: SECONDS,
    registers,
  });
  const upstreamRetries = new Counter({
    name: "parley_upstream_retries_total",
    help: "Turns given to an upstream after another had failed them, by what that one's fault was",
    labelNames: ["upstream", "fault"],
    registers,
  });
  const fallbacks = new Counter({
    name: "parley_fallbacks_total",
    help: "Turns answered by another pool or model than the one asked for",
    labelNames: ["from", "to"],
    registers,
  });
  const differing = new Gauge({
    name: "parley_reconciliation_differences",
    help: "Things that differ between the ledger, its sums, the accounts and the credits, as of the last comparison",
    labelNames: ["check"],
    registers,
  });
  watchProcess(registry);

  return {
    httpRequest({ endpoint, method, status, durationMs }) {
      requests.inc({ endpoint, method, status });
      requestSeconds.observe({ endpoint }, durationMs / MS_PER_SECOND);
    },
    turnStarted: () => running.inc(),
    firstEvent: (modelClass, ms) => firstEventSeconds.observe({ model_class: modelClass }, ms / MS_PER_SECOND),
    turnEnded({ modelClass, weights, outcome, usage, timings }) {
      running.dec();
      turns.inc({ model_class: modelClass, weights, outcome });
      tokens.inc({ model_class: modelClass, kind: "input" }, usage.inputTokens);
      tokens.inc({ model_class: modelClass, kind: "cache_read" }, usage.cacheReadTokens);
      tokens.inc({ model_class: modelClass, kind: "cache_write_5m" }, usage.cacheWrite5mTokens);
      tokens.inc({ model_class: modelClass, kind: "cache_write_1h" }, usage.cacheWrite1hTokens);
      tokens.inc({ model_class: modelClass, kind: "output" }, usage.outputTokens);
      tokens.inc({ model_class: modelClass, kind: "thinking" }, usage.thinkingTokens);
      phaseSeconds.observe({ phase: "queue" }, timings.queueMs / MS_PER_SECOND);
      phaseSeconds.observe({ phase: "restore" }, timings.restoreMs / MS_PER_SECOND);
      phaseSeconds.observe({ phase: "prefill" }, timings.prefillMs / MS_PER_SECOND);
      phaseSeconds.observe({ phase: "decode" }, timings.decodeMs / MS_PER_SECOND);
    },
    turnShared: (how) => shared.inc({ how }),
    clientGone: (reason) => gone.inc({ reason }),
    engineRestarted: (weights) => restarts.inc({ weights }),
    upstreamTurn({ upstream, outcome, firstEventMs }) {
      upstreamTurns.inc({ upstream, outcome });
      if (firstEventMs !== null) upstreamFirst.observe({ upstream }, firstEventMs / MS_PER_SECOND);
    },
    upstreamRetried: (upstream, fault) => upstreamRetries.inc({ upstream, fault }),
    upstreamFellBack: (from, to) => fallbacks.inc({ from, to }),
    watchUpstreams: (read) => watchUpstreams(registry, read),
    watchRoutes: (read) => watchRoutes(registry, read),
    reconciled(differences) {
      for (const [check, count] of Object.entries(differences)) differing.set({ check }, count);
    },
    watchEngine: (read) => watchEngine(registry, read),
    read: () => registry.getMetricsAsJSON(),
    expose: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}

/** The library's default metrics keep a 10 ms timer running; these cost nothing between scrapes. */
function watchProcess(registry: Registry): void {
  gauge(registry, "process_resident_memory_bytes", "Resident memory", () => process.memoryUsage.rss());
  gauge(
    registry,
    "nodejs_eventloop_utilization",
    "Share of time since the start that the event loop was busy",
    () => performance.eventLoopUtilization().utilization,
    "average",
  );
}

function watchEngine(registry: Registry, read: () => EngineLoad): void {
  gauge(registry, "parley_engine_slots_busy", "Slots in use", () => read().slotsBusy);
  gauge(registry, "parley_engine_slots", "Slots of the loaded models", () => read().slots);
  gauge(registry, "parley_engine_queued", "Turns waiting for a slot", () => read().queued);
}

function watchUpstreams(registry: Registry, read: () => readonly UpstreamGauge[]): void {
  const each = (name: string, help: string, value: (upstream: UpstreamGauge) => number, how: "sum" | "min" = "sum"): void => {
    registry.registerMetric(
      new Gauge({
        name,
        help,
        labelNames: ["upstream"],
        aggregator: how,
        registers: [],
        collect() {
          // One that is not used any more has no figure.
          this.reset();
          for (const upstream of read()) this.set({ upstream: upstream.upstream }, value(upstream));
        },
      }),
    );
  };
  each("parley_upstream_up", "1 where turns go to the upstream, 0 where it is paused", ({ isUp }) => Number(isUp), "min");
  each(
    "parley_upstream_outstanding_tokens",
    "About what the turns that it has now come to",
    ({ outstandingTokens }) => outstandingTokens,
  );
  each("parley_upstream_turns_running", "Turns that it has now", ({ runningTurns }) => runningTurns);
}

function watchRoutes(registry: Registry, read: () => RoutesGauge): void {
  registry.registerMetric(
    new Gauge({
      name: "parley_routes_info",
      help: "1; the digest is the same on all nodes that go by the same routes",
      labelNames: ["digest"],
      registers: [],
      collect() {
        this.reset();
        this.set({ digest: read().digest }, 1);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: "parley_pool_queued",
      help: "Turns that wait for a place at an upstream of the pool",
      labelNames: ["pool"],
      registers: [],
      collect() {
        this.reset();
        for (const { pool, queuedTurns } of read().queues) this.set({ pool }, queuedTurns);
      },
    }),
  );
}

/** A figure that is read when it is scraped. */
function gauge(registry: Registry, name: string, help: string, read: () => number, how: "sum" | "average" = "sum"): void {
  registry.registerMetric(
    new Gauge({
      name,
      help,
      aggregator: how,
      registers: [],
      collect() {
        this.set(read());
      },
    }),
  );
}
