import type { BucketReading } from "./token-bucket.ts";

export interface LimitReadings {
  readonly requests: BucketReading;
  readonly inputTokens: BucketReading;
  readonly outputTokens: BucketReading;
  /** Present where a limit on input and output together is in force. */
  readonly totalTokens: BucketReading | null;
}

/** The platform's header family. Resets are RFC 3339; token counts are rounded to the nearest 1,000. Source: surface.md D. */
export function toRateLimitHeaders(readings: LimitReadings, nowMs: number): Record<string, string> {
  const headers: Record<string, string> = {};
  addHeaders(headers, REQUESTS, readings.requests, String(readings.requests.remaining), nowMs);
  addHeaders(headers, TOKENS, tightestTokens(readings), null, nowMs);
  addHeaders(headers, INPUT_TOKENS, readings.inputTokens, null, nowMs);
  addHeaders(headers, OUTPUT_TOKENS, readings.outputTokens, null, nowMs);
  return headers;
}

/** The headers of committed capacity. */
export function toPriorityHeaders(
  inputTokens: BucketReading,
  outputTokens: BucketReading,
  nowMs: number,
): Record<string, string> {
  const headers: Record<string, string> = {};
  addHeaders(headers, PRIORITY_INPUT_TOKENS, inputTokens, String(inputTokens.remaining), nowMs);
  addHeaders(headers, PRIORITY_OUTPUT_TOKENS, outputTokens, String(outputTokens.remaining), nowMs);
  return headers;
}

interface HeaderNames {
  readonly limit: string;
  readonly remaining: string;
  readonly reset: string;
}

const namesOf = (prefix: string): HeaderNames => ({
  limit: `${prefix}-limit`,
  remaining: `${prefix}-remaining`,
  reset: `${prefix}-reset`,
});
const REQUESTS = namesOf("anthropic-ratelimit-requests");
const TOKENS = namesOf("anthropic-ratelimit-tokens");
const INPUT_TOKENS = namesOf("anthropic-ratelimit-input-tokens");
const OUTPUT_TOKENS = namesOf("anthropic-ratelimit-output-tokens");
const PRIORITY_INPUT_TOKENS = namesOf("anthropic-priority-input-tokens");
const PRIORITY_OUTPUT_TOKENS = namesOf("anthropic-priority-output-tokens");

function addHeaders(
  headers: Record<string, string>,
  names: HeaderNames,
  reading: BucketReading,
  remaining: string | null,
  nowMs: number,
): void {
  headers[names.limit] = String(reading.limitPerMinute);
  headers[names.remaining] = remaining ?? String(Math.round(reading.remaining / 1_000) * 1_000);
  headers[names.reset] = toRfc3339Seconds(nowMs + reading.fullInMs);
}

/** The limit on all tokens where there is one, else input and output added up. */
function tightestTokens({ inputTokens, outputTokens, totalTokens }: LimitReadings): BucketReading {
  return (
    totalTokens ?? {
      limitPerMinute: inputTokens.limitPerMinute + outputTokens.limitPerMinute,
      remaining: inputTokens.remaining + outputTokens.remaining,
      fullInMs: Math.max(inputTokens.fullInMs, outputTokens.fullInMs),
    }
  );
}

/** The buckets of replies that come together are full in the same few seconds, so their texts are kept. */
const texts = new Map<number, string>();
const TEXTS_MAX = 64;

/** Rounded up: at the second that is named, the bucket is full. */
function toRfc3339Seconds(atMs: number): string {
  const secondMs = Math.ceil(atMs / 1_000) * 1_000;
  let text = texts.get(secondMs);
  if (text === undefined) {
    text = new Date(secondMs).toISOString().replace(".000Z", "Z");
    if (texts.size >= TEXTS_MAX) texts.clear();
    texts.set(secondMs, text);
  }
  return text;
}
