/** The request that a figure is of. */
export interface Traced {
  readonly requestId: string;
  /** Of the span that its time is in, as Parley's own tracing writes it; undefined: it is not traced. */
  readonly traceparent: string | undefined;
}

export type Exemplar = Readonly<Record<string, string>>;

const NONE: Exemplar = {};

/**
 * What leads from a figure to a trace: OpenMetrics allows 128 characters for names and values together, of which these take about a
 * hundred. None where nothing was sampled: nobody would find that trace.
 */
export function toExemplar({ requestId, traceparent }: Traced): Exemplar {
  const [, traceId, spanId, flags] = traceparent?.split("-") ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return NONE;
  const isSampled = (Number.parseInt(flags, 16) & 1) === 1;
  return isSampled ? { trace_id: traceId, span_id: spanId, request_id: requestId } : NONE;
}
