import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { createTracing } from "./tracing.ts";

const START = {
  requestId: "req_1",
  messageId: "msg_1",
  requestedModel: "claude-haiku-4-5",
  model: "claude-haiku-4-5-20251001",
  weights: "tiny",
  maxTokens: 9,
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
};
const USAGE = {
  inputTokens: 1,
  cacheReadTokens: 2,
  cacheWrite5mTokens: 3,
  cacheWrite1hTokens: 4,
  outputTokens: 5,
  thinkingTokens: 0,
};
const TIMINGS = { renderMs: 0, queueMs: 0, restoreMs: 0, prefillMs: 0, decodeMs: 0 };

test("a turn is exported as a span of the GenAI conventions, below the caller's own", async () => {
  const { promise: exported, resolve } = Promise.withResolvers<{ path: string | undefined; body: string }>();
  const collector = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      resolve({ path: incoming.url, body: Buffer.concat(chunks).toString() });
      outgoing.end("{}");
    });
  });
  await new Promise<void>((listening) => collector.listen(0, "127.0.0.1", listening));
  const tracing = await createTracing({ otlpEndpoint: `http://127.0.0.1:${(collector.address() as AddressInfo).port}` });
  const span = tracing.startTurn(START);
  span.firstBlock();
  span.end({ stopReason: "end_turn", usage: USAGE, timings: TIMINGS });
  await tracing.close();
  const { path, body } = await exported;
  await new Promise((closed) => collector.close(closed));
  expect(path).toBe("/v1/traces");
  expect(body).toContain("chat claude-haiku-4-5");
  expect(body).toContain("0af7651916cd43dd8448eb211c80319c");
  expect(body).toContain('"gen_ai.usage.input_tokens","value":{"intValue":10}');
  expect(body).toContain("gen_ai.response.finish_reasons");
});

test("without an endpoint a span does nothing", async () => {
  const tracing = await createTracing({ otlpEndpoint: null });
  const span = tracing.startTurn(START);
  expect(span.end({ stopReason: "end_turn", usage: USAGE, timings: TIMINGS })).toBeUndefined();
  await tracing.close();
});
