import { expect, test } from "vitest";
import { createMetrics, mergeMetrics } from "./metrics.ts";

test("readings of several processes are added up; an upstream is up where all of them find it so", async () => {
  const processes = [true, false].map((isUp) => {
    const metrics = createMetrics();
    metrics.httpRequest({ endpoint: "messages-create", method: "POST", status: 200, durationMs: 3 });
    metrics.watchUpstreams(() => [{ upstream: "one", isUp, outstandingTokens: 10, runningTurns: 1 }]);
    return metrics;
  });
  // As they come from another process.
  const readings = await Promise.all(
    processes.map(async (each) => JSON.parse(JSON.stringify(await each.read())) as Awaited<ReturnType<typeof each.read>>),
  );
  const { text, contentType } = await mergeMetrics(readings);
  expect(contentType).toContain("text/plain");
  expect(text).toContain('parley_http_requests_total{endpoint="messages-create",method="POST",status="200"} 2');
  expect(text).toContain('parley_http_request_duration_seconds_bucket{le="0.005",endpoint="messages-create"} 2');
  expect(text).toContain('parley_upstream_outstanding_tokens{upstream="one"} 20');
  expect(text).toContain('parley_upstream_up{upstream="one"} 0');
  const utilization = Number(/^nodejs_eventloop_utilization (.*)$/m.exec(text)?.[1]);
  expect(utilization).toBeLessThanOrEqual(1);
});
