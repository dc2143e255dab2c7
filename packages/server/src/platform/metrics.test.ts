import { afterEach, expect, test, vi } from "vitest";
import { mergeMetrics } from "./expose-metrics.ts";
import { createMetrics } from "./metrics.ts";

const UNTRACED = { requestId: "req_0", traceparent: undefined };
const REQUEST = { endpoint: "messages-create", method: "POST", status: 200, durationMs: 3 };

function traced(requestId: string, traceId: string, flags = "01") {
  return { requestId, traceparent: `00-${traceId}-b7ad6b7169203331-${flags}` };
}

/** As they come from another process. */
async function readElsewhere(metrics: ReturnType<typeof createMetrics>) {
  return JSON.parse(JSON.stringify(await metrics.read())) as Awaited<ReturnType<typeof metrics.read>>;
}

afterEach(() => void vi.useRealTimers());

test("readings of several processes are added up; an upstream is up where all of them find it so", async () => {
  const processes = [true, false].map((isUp) => {
    const metrics = createMetrics();
    metrics.httpRequest(REQUEST, UNTRACED);
    metrics.watchUpstreams(() => [{ upstream: "one", isUp, outstandingTokens: 10, runningTurns: 1, isDrained: !isUp }]);
    return metrics;
  });
  const { text, contentType } = await mergeMetrics(await Promise.all(processes.map(readElsewhere)), "text");
  expect(contentType).toContain("text/plain");
  expect(text).toContain('parley_http_requests_total{endpoint="messages-create",method="POST",status="200"} 2');
  expect(text).toContain('parley_http_request_duration_seconds_bucket{le="0.005",endpoint="messages-create"} 2');
  expect(text).toContain('parley_upstream_outstanding_tokens{upstream="one"} 20');
  expect(text).toContain('parley_upstream_drained{upstream="one"} 1');
  expect(text).toContain('parley_upstream_up{upstream="one"} 0');
  const utilization = Number(/^nodejs_eventloop_utilization (.*)$/m.exec(text)?.[1]);
  expect(utilization).toBeLessThanOrEqual(1);
});

test("OpenMetrics shows the newest sampled request of each bucket, over all processes", async () => {
  vi.useFakeTimers({ now: 1_800_000_000_000, toFake: ["Date"] });
  const [first, second] = [createMetrics(), createMetrics()];
  second.httpRequest(REQUEST, traced("req_older", "a".repeat(32)));
  vi.setSystemTime(1_800_000_001_000);
  first.httpRequest(REQUEST, traced("req_newer", "b".repeat(32)));
  first.httpRequest(REQUEST, traced("req_unsampled", "c".repeat(32), "00"));
  first.httpRequest(REQUEST, UNTRACED);
  second.httpRequest({ ...REQUEST, durationMs: 700 }, traced("req_slow", "d".repeat(32)));
  const { text, contentType } = await mergeMetrics(await Promise.all([first, second].map(readElsewhere)), "openmetrics");
  expect(contentType).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
  const shown = text.split("\n").filter((line) => line.includes(" # "));
  expect(shown).toEqual([
    `parley_http_request_duration_seconds_bucket{le="0.005",endpoint="messages-create"} 4 # {trace_id="${"b".repeat(32)}",span_id="b7ad6b7169203331",request_id="req_newer"} 0.003 1800000001`,
    `parley_http_request_duration_seconds_bucket{le="1.0",endpoint="messages-create"} 5 # {trace_id="${"d".repeat(32)}",span_id="b7ad6b7169203331",request_id="req_slow"} 0.7 1800000001`,
  ]);
  expect(text).toContain("\n# TYPE parley_http_requests counter\n");
  expect(text).toContain('\nparley_http_requests_total{endpoint="messages-create",method="POST",status="200"} 5\n');
  expect(text).toMatch(/\n# EOF\n$/);
});

test("the classic text is the same before and after somebody has read OpenMetrics", async () => {
  const metrics = createMetrics();
  metrics.httpRequest(REQUEST, traced("req_1", "a".repeat(32)));
  const read = async (): Promise<string> => (await metrics.expose("text")).text.replaceAll(/^(?:process|nodejs)_.*$/gm, "");
  const before = await read();
  expect(before).toContain('parley_http_request_duration_seconds_bucket{le="1",endpoint="messages-create"} 1\n');
  expect((await metrics.expose("openmetrics")).text).toContain("req_1");
  expect(await read()).toBe(before);
});
