import type { Attributes, Span, Tracer } from "@opentelemetry/api";
import type { Timings, Usage } from "../turn/turn-event.ts";

/** One span a turn, after OpenTelemetry's conventions for generative AI. Never holds content. */
export interface TurnSpan {
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

export interface Tracing {
  startTurn(start: TurnSpanStart): TurnSpan;
  close(): Promise<void>;
}

const NO_SPAN: TurnSpan = { firstBlock() {}, end() {}, fail() {} };

/** Off without an OTLP endpoint; then nothing of OpenTelemetry is even loaded. */
export async function createTracing({ otlpEndpoint }: { readonly otlpEndpoint: string | null }): Promise<Tracing> {
  if (otlpEndpoint === null) return { startTurn: () => NO_SPAN, close: async () => {} };
  const [api, { NodeTracerProvider, BatchSpanProcessor }, { OTLPTraceExporter }] = await Promise.all([
    import("@opentelemetry/api"),
    import("@opentelemetry/sdk-trace-node"),
    import("@opentelemetry/exporter-trace-otlp-http"),
  ]);
  const url = new URL("v1/traces", otlpEndpoint.endsWith("/") ? otlpEndpoint : `${otlpEndpoint}/`).href;
  const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url }))] });
  const tracer = provider.getTracer("parley");
  return {
    startTurn: (start) => startSpan(api, tracer, start),
    close: () => provider.shutdown(),
  };
}

function startSpan(api: typeof import("@opentelemetry/api"), tracer: Tracer, start: TurnSpanStart): TurnSpan {
  const parent = parseTraceparent(start.traceparent);
  const context = parent ? api.trace.setSpanContext(api.ROOT_CONTEXT, { ...parent, isRemote: true }) : api.ROOT_CONTEXT;
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
  const span = tracer.startSpan(`chat ${start.requestedModel}`, { kind: api.SpanKind.SERVER, attributes }, context);
  return {
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
      endWithError(api, span, errorType, usage);
    },
  };
}

function endWithError(api: typeof import("@opentelemetry/api"), span: Span, errorType: string, usage: Usage): void {
  span.setAttributes({ ...usageAttributes(usage), "error.type": errorType });
  span.setStatus({ code: api.SpanStatusCode.ERROR, message: errorType });
  span.end();
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

function parseTraceparent(header: string | undefined) {
  const match = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(header ?? "");
  if (!match) return null;
  return { traceId: match[1]!, spanId: match[2]!, traceFlags: Number.parseInt(match[3]!, 16) };
}
