import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Timings, Usage } from "../turn/turn-event.ts";
import { type Exemplar, toExemplar, type Traced } from "./exemplar.ts";
import { type ExposedMetrics, mergeMetrics, type MetricReadings, type MetricsFormat } from "./expose-metrics.ts";
import { countByWorkspace, type Tenant } from "./workspace-metrics.ts";

/**
 * Prometheus metrics of one server. Labels are bounded: never an id of a request or a key, and not the model's either, which a
 * client may make up within a line; of workspaces so many as `countByWorkspace` allows.
 */
export interface Metrics {
  httpRequest(request: { endpoint: string; method: string; status: number; durationMs: number }, traced: Traced): void;
  /** A request of somebody known has ended: `completed`, or an error's type. */
  workspaceRequest(tenant: Tenant, outcome: string): void;
  turnStarted(): void;
  firstEvent(modelClass: string, sinceArrivalMs: number, traced: Traced): void;
  turnEnded(
    turn: {
      tenant: Tenant;
      modelClass: string;
      weights: string;
      outcome: string;
      usage: Usage;
      timings: Timings;
      nanoUsd: bigint;
    },
    traced: Traced,
  ): void;
  turnShared(how: "joined" | "replayed"): void;
  clientGone(reason: "closed" | "stalled"): void;
  engineRestarted(weights: string): void;
  /** One turn on one upstream. `firstEventMs`: null where nothing came. */
  upstreamTurn(turn: { upstream: string; outcome: string; firstEventMs: number | null }, traced: Traced): void;
  /** A turn has waited for a place at an upstream of the pool, and has one, or not. */
  poolWaited(wait: { pool: string; workspaceId: string; waitedMs: number }, traced: Traced): void;
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
  /** For Prometheus. */
  expose(format: MetricsFormat): Promise<ExposedMetrics>;
}

export interface UpstreamGauge {
  readonly upstream: string;
  readonly isUp: boolean;
  readonly outstandingTokens: number;
  readonly runningTurns: number;
  readonly isDrained: boolean;
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

/** As `metrics.workspaces` is by default. */
const WORKSPACES_MAX = 200;

/** `workspacesMax`: how many workspaces have figures of their own. */
export function createMetrics({ workspacesMax = WORKSPACES_MAX }: { readonly workspacesMax?: number } = {}): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({
    name: "parley_http_requests_total",
    help: "Requests answered",
    labelNames: ["endpoint", "method", "status"],
    registers,
  });
  const requestSeconds = seconds(registry, "parley_http_request_duration_seconds", "From arrival to the last byte", "endpoint");
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
  const firstEventSeconds = seconds(
    registry,
    "parley_time_to_first_block_seconds",
    "From arrival to the first content block",
    "model_class",
  );
  const phaseSeconds = seconds(registry, "parley_turn_phase_seconds", "Time of a turn by phase", "phase");
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
  const upstreamFirst = seconds(
    registry,
    "parley_upstream_first_event_seconds",
    "From asking an upstream to its first event",
    "upstream",
  );
  const poolWaits = seconds(
    registry,
    "parley_pool_wait_seconds",
    "What turns waited for a place at an upstream of the pool, where none was free",
    "pool",
  );
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
  const workspaces = countByWorkspace(registry, workspacesMax);
  watchProcess(registry);

  return {
    httpRequest({ endpoint, method, status, durationMs }, traced) {
      requests.inc({ endpoint, method, status });
      requestSeconds(endpoint, durationMs, toExemplar(traced));
    },
    workspaceRequest: (tenant, outcome) => workspaces.request(tenant, outcome),
    turnStarted: () => running.inc(),
    firstEvent: (modelClass, ms, traced) => firstEventSeconds(modelClass, ms, toExemplar(traced)),
    turnEnded({ tenant, modelClass, weights, outcome, usage, timings, nanoUsd }, traced) {
      running.dec();
      workspaces.turn(tenant, { usage, queueMs: timings.queueMs, nanoUsd });
      turns.inc({ model_class: modelClass, weights, outcome });
      tokens.inc({ model_class: modelClass, kind: "input" }, usage.inputTokens);
      tokens.inc({ model_class: modelClass, kind: "cache_read" }, usage.cacheReadTokens);
      tokens.inc({ model_class: modelClass, kind: "cache_write_5m" }, usage.cacheWrite5mTokens);
      tokens.inc({ model_class: modelClass, kind: "cache_write_1h" }, usage.cacheWrite1hTokens);
      tokens.inc({ model_class: modelClass, kind: "output" }, usage.outputTokens);
      tokens.inc({ model_class: modelClass, kind: "thinking" }, usage.thinkingTokens);
      const exemplar = toExemplar(traced);
      phaseSeconds("queue", timings.queueMs, exemplar);
      phaseSeconds("restore", timings.restoreMs, exemplar);
      phaseSeconds("prefill", timings.prefillMs, exemplar);
      phaseSeconds("decode", timings.decodeMs, exemplar);
    },
    turnShared: (how) => shared.inc({ how }),
    clientGone: (reason) => gone.inc({ reason }),
    engineRestarted: (weights) => restarts.inc({ weights }),
    upstreamTurn({ upstream, outcome, firstEventMs }, traced) {
      upstreamTurns.inc({ upstream, outcome });
      if (firstEventMs !== null) upstreamFirst(upstream, firstEventMs, toExemplar(traced));
    },
    poolWaited({ pool, workspaceId, waitedMs }, traced) {
      poolWaits(pool, waitedMs, toExemplar(traced));
      workspaces.waited(workspaceId, waitedMs);
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
    async expose(format) {
      if (format === "openmetrics") return mergeMetrics([await registry.getMetricsAsJSON()], format);
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}

/** Durations by one label. Each bucket keeps the newest exemplar that fell into it. */
function seconds(
  registry: Registry,
  name: string,
  help: string,
  label: string,
): (of: string, durationMs: number, exemplar: Exemplar) => void {
  const histogram = new Histogram<string>({
    name,
    help,
    labelNames: [label],
    buckets: SECONDS,
    enableExemplars: true,
    // Registered by hand: the library allows exemplars where OpenMetrics alone is written.
    registers: [],
  });
  registry.registerMetric(histogram);
  return (of, durationMs, exemplar) =>
    histogram.observe({ labels: { [label]: of }, value: durationMs / MS_PER_SECOND, exemplarLabels: exemplar });
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
  const each = (
    name: string,
    help: string,
    value: (upstream: UpstreamGauge) => number,
    how: "sum" | "min" | "max" = "sum",
  ): void => {
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
  each("parley_upstream_up", "0 where the upstream is paused, as it failed, else 1", ({ isUp }) => Number(isUp), "min");
  each(
    "parley_upstream_outstanding_tokens",
    "About what the turns that it has now come to",
    ({ outstandingTokens }) => outstandingTokens,
  );
  each("parley_upstream_turns_running", "Turns that it has now", ({ runningTurns }) => runningTurns);
  each("parley_upstream_drained", "1 where it gets no new turns", ({ isDrained }) => Number(isDrained), "max");
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
