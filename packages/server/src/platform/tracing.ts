import type { Attributes, Context, Span, Tracer } from "@opentelemetry/api";
import type { Timings, Usage } from "../turn/turn-event.ts";

/** One span a turn, after OpenTelemetry's conventions for generative AI. Never holds content. */
export interface TurnSpan {
  /** What those who are asked for this turn are told, as a W3C `traceparent` header; absent: nothing is traced. */
  readonly traceparent?: string;
  firstBlock(): void;
  end(result: { stopReason: string; usage: Usage; timings: Timings }): void;
  fail(errorType: string, usage: Usage): void;
}

export interface TurnSpanStart {
  readonly requestId: string;
  readonly messageId: string;
  readonly requestedModel: string;
  readonly model: string;
  readonly weights: string;
  readonly maxTokens: number;
  /** The caller's W3C `traceparent` header, if any. */
  readonly traceparent: string | undefined;
}

/** What one engine is asked for a turn: a turn has several of these where one fails, or where tools are run in between. */
export interface EngineSpan {
  readonly traceparent?: string;
  /** With the times of the engine, where it came to its end: each becomes a span below. */
  end(outcome: string, timings: Timings | null): void;
}

export interface EngineSpanStart {
  readonly name: string;
  /** The asking side of a connection, the asked one, or no connection at all. */
  readonly side: "asks" | "answers" | "inside";
  readonly requestId: string;
  readonly weights: string;
  readonly traceparent: string | undefined;
}

export interface Tracing {
  startTurn(start: TurnSpanStart): TurnSpan;
  startEngine(start: EngineSpanStart): EngineSpan;
  close(): Promise<void>;
}

const NO_SPAN: TurnSpan = { firstBlock() {}, end() {}, fail() {} };
const NO_ENGINE_SPAN: EngineSpan = { end() {} };
export const NO_TRACING: Tracing = { startTurn: () => NO_SPAN, startEngine: () => NO_ENGINE_SPAN, async close() {} };

type Api = typeof import("@opentelemetry/api");

/** Off without an OTLP endpoint; then nothing of OpenTelemetry is even loaded. */
export async function createTracing({ otlpEndpoint }: { readonly otlpEndpoint: string | null }): Promise<Tracing> {
  if (otlpEndpoint === null) return NO_TRACING;
  const [api, { NodeTracerProvider, BatchSpanProcessor }, { OTLPTraceExporter }] = await Promise.all([
    import("@opentelemetry/api"),
    import("@opentelemetry/sdk-trace-node"),
    import("@opentelemetry/exporter-trace-otlp-http"),
  ]);
  const url = new URL("v1/traces", otlpEndpoint.endsWith("/") ? otlpEndpoint : `${otlpEndpoint}/`).href;
  const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url }))] });
  const tracer = provider.getTracer("parley");
  return {
    startTurn: (start) => startTurnSpan(api, tracer, start),
    startEngine: (start) => startEngineSpan(api, tracer, start),
    close: () => provider.shutdown(),
  };
}

function startTurnSpan(api: Api, tracer: Tracer, start: TurnSpanStart): TurnSpan {
  const attributes: Attributes = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "parley",
    "gen_ai.request.model": start.requestedModel,
    "gen_ai.request.max_tokens": start.maxTokens,
    "gen_ai.response.model": start.model,
    "gen_ai.response.id": start.messageId,
    "parley.request_id": start.requestId,
    "parley.weights": start.weights,
  };
  const context = contextOf(api, start.traceparent);
  const span = tracer.startSpan(`chat ${start.requestedModel}`, { kind: api.SpanKind.SERVER, attributes }, context);
  return {
    traceparent: traceparentOf(span),
    firstBlock: () => void span.addEvent("gen_ai.first_block"),
    end({ stopReason, usage, timings }) {
      span.setAttributes({
        ...usageAttributes(usage),
        "gen_ai.response.finish_reasons": [stopReason],
        "parley.queue_ms": timings.queueMs,
        "parley.restore_ms": timings.restoreMs,
        "parley.prefill_ms": timings.prefillMs,
        "parley.decode_ms": timings.decodeMs,
      });
      span.end();
    },
    fail(errorType, usage) {
      span.setAttributes({ ...usageAttributes(usage), "error.type": errorType });
      span.setStatus({ code: api.SpanStatusCode.ERROR, message: errorType });
      span.end();
    },
  };
}

function startEngineSpan(api: Api, tracer: Tracer, start: EngineSpanStart): EngineSpan {
  const kind = { asks: api.SpanKind.CLIENT, answers: api.SpanKind.SERVER, inside: api.SpanKind.INTERNAL }[start.side];
  const attributes: Attributes = { "parley.request_id": start.requestId, "parley.weights": start.weights };
  const span = tracer.startSpan(start.name, { kind, attributes }, contextOf(api, start.traceparent));
  return {
    traceparent: traceparentOf(span),
    end(outcome, timings) {
      const endMs = Date.now();
      if (timings !== null) addPhases(tracer, api.trace.setSpan(api.ROOT_CONTEXT, span), timings, endMs);
      span.setAttribute("parley.outcome", outcome);
      if (outcome !== "completed" && outcome !== "left") span.setStatus({ code: api.SpanStatusCode.ERROR, message: outcome });
      span.end(endMs);
    },
  };
}

/** What the engine did, one after the other up to now. */
function addPhases(tracer: Tracer, context: Context, timings: Timings, endMs: number): void {
  const { renderMs, queueMs, restoreMs, prefillMs, decodeMs } = timings;
  let startTime = endMs - (renderMs + queueMs + restoreMs + prefillMs + decodeMs);
  for (const [name, ms] of Object.entries({
    render: renderMs,
    queue: queueMs,
    restore: restoreMs,
    prefill: prefillMs,
    decode: decodeMs,
  })) {
    if (ms > 0) tracer.startSpan(name, { startTime }, context).end(startTime + ms);
    startTime += ms;
  }
}

function usageAttributes(usage: Usage): Attributes {
  const cacheWrites = usage.cacheWrite5mTokens + usage.cacheWrite1hTokens;
  return {
    "gen_ai.usage.input_tokens": usage.inputTokens + usage.cacheReadTokens + cacheWrites,
    "gen_ai.usage.output_tokens": usage.outputTokens,
    "gen_ai.usage.cache_read.input_tokens": usage.cacheReadTokens,
    "gen_ai.usage.cache_creation.input_tokens": cacheWrites,
  };
}

function contextOf(api: Api, traceparent: string | undefined): Context {
  const parent = parseTraceparent(traceparent);
  return parent ? api.trace.setSpanContext(api.ROOT_CONTEXT, { ...parent, isRemote: true }) : api.ROOT_CONTEXT;
}

function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
}

function parseTraceparent(header: string | undefined) {
  const match = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(header ?? "");
  if (!match) return null;
  return { traceId: match[1]!, spanId: match[2]!, traceFlags: Number.parseInt(match[3]!, 16) };
}
