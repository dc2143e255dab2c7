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
  return {
    ...headersOf("requests", readings.requests, String(readings.requests.remaining), nowMs),
    ...headersOf("tokens", tightestTokens(readings), null, nowMs),
    ...headersOf("input-tokens", readings.inputTokens, null, nowMs),
    ...headersOf("output-tokens", readings.outputTokens, null, nowMs),
  };
}

/** The headers of committed capacity. */
export function toPriorityHeaders(
  inputTokens: BucketReading,
  outputTokens: BucketReading,
  nowMs: number,
): Record<string, string> {
  return {
    ...namedHeaders("anthropic-priority-input-tokens", inputTokens, String(inputTokens.remaining), nowMs),
    ...namedHeaders("anthropic-priority-output-tokens", outputTokens, String(outputTokens.remaining), nowMs),
  };
}

function headersOf(name: string, reading: BucketReading, remaining: string | null, nowMs: number): Record<string, string> {
  return namedHeaders(`anthropic-ratelimit-${name}`, reading, remaining, nowMs);
}

function namedHeaders(prefix: string, reading: BucketReading, remaining: string | null, nowMs: number): Record<string, string> {
  return {
    [`${prefix}-limit`]: String(reading.limitPerMinute),
    [`${prefix}-remaining`]: remaining ?? String(Math.round(reading.remaining / 1_000) * 1_000),
    [`${prefix}-reset`]: toRfc3339Seconds(nowMs + reading.fullInMs),
  };
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

/** Most buckets of most replies are full in the same second, so the last text is kept. */
let lastSecond = { atMs: Number.NaN, text: "" };

/** Rounded up: at the second that is named, the bucket is full. */
function toRfc3339Seconds(atMs: number): string {
  const secondMs = Math.ceil(atMs / 1_000) * 1_000;
  if (lastSecond.atMs !== secondMs) {
    lastSecond = { atMs: secondMs, text: new Date(secondMs).toISOString().replace(".000Z", "Z") };
  }
  return lastSecond.text;
}
