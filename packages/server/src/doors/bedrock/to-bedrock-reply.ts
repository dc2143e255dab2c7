import type { MadeReply, StreamPart } from "../../endpoints/define-endpoint.ts";
import { dataOf, eventsOf, framed } from "../stream-events.ts";

interface Counts {
  readonly input_tokens?: number;
  readonly output_tokens?: number;
  readonly cache_read_input_tokens?: number;
  readonly cache_creation_input_tokens?: number;
}

interface Clock {
  /** Since the request arrived. */
  readonly elapsedMs: () => number;
}

/** A message as Bedrock gives it: what it used stands in the headers, or in the last event of a stream. */
export function toBedrockReply(reply: MadeReply, clock: Clock): MadeReply {
  switch (reply.kind) {
    case "json":
      return { ...reply, headers: { ...reply.headers, ...usageHeaders(reply.body, clock) } };
    case "raw": {
      // A kept reply, as the API itself would send it.
      const text = typeof reply.body === "string" ? reply.body : Buffer.from(reply.body).toString("utf8");
      const { headers = {} } = reply;
      return reply.contentType.startsWith("text/event-stream")
        ? { kind: "stream", headers: { ...headers, ...STREAM_HEADERS }, parts: withMetrics(framed(text), clock) }
        : { ...reply, headers: { ...headers, ...usageHeaders(JSON.parse(text), clock) } };
    }
    case "stream":
      return { ...reply, headers: { ...reply.headers, ...STREAM_HEADERS }, parts: withMetrics(reply.parts, clock) };
    case "bytes":
      return reply;
    default:
      return reply satisfies never;
  }
}

/** As CountTokens answers. */
export function toBedrockCount(reply: MadeReply): MadeReply {
  if (reply.kind !== "json") return reply;
  return { ...reply, body: { inputTokens: (reply.body as Counts).input_tokens } };
}

/** Of the events inside the frames. */
const STREAM_HEADERS = { "x-amzn-bedrock-content-type": "application/json" };

function usageHeaders(body: unknown, { elapsedMs }: Clock): Record<string, string> {
  const { usage = {} } = body as { usage?: Counts };
  const figures = {
    "input-token-count": usage.input_tokens,
    "output-token-count": usage.output_tokens,
    "cache-read-input-token-count": usage.cache_read_input_tokens,
    "cache-write-input-token-count": usage.cache_creation_input_tokens,
    "invocation-latency": elapsedMs(),
  };
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [`x-amzn-bedrock-${name}`, String(value ?? 0)]));
}

async function* withMetrics(parts: AsyncIterable<StreamPart>, { elapsedMs }: Clock): AsyncGenerator<StreamPart, void, void> {
  let firstByteLatency: number | null = null;
  let usage: Counts = {};
  for await (const part of eventsOf(parts)) {
    firstByteLatency ??= elapsedMs();
    if (part.event === "message_delta") usage = (dataOf(part) as { readonly usage?: Counts }).usage ?? {};
    if (part.event !== "message_stop") yield part;
    else {
      const metrics = {
        inputTokenCount: usage.input_tokens ?? 0,
        outputTokenCount: usage.output_tokens ?? 0,
        cacheReadInputTokenCount: usage.cache_read_input_tokens ?? 0,
        cacheWriteInputTokenCount: usage.cache_creation_input_tokens ?? 0,
        invocationLatency: elapsedMs(),
        firstByteLatency,
      };
      yield { event: part.event, data: { ...dataOf(part), "amazon-bedrock-invocationMetrics": metrics } };
    }
  }
}
