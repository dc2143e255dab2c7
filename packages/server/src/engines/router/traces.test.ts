import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { startWithPools } from "../../../test/support/start-with-pools.ts";
import { openEngineDoor } from "../../doors/engine/open-engine-door.ts";
import { createScriptedEngine, end, start, textBlock } from "../../doors/testing/scripted-engine.ts";
import { BODY, get, post } from "../../doors/testing/start-test-server.ts";
import { createTracing } from "../../platform/tracing.ts";
import { MESSAGE, sendJson, startFakeUpstream } from "../upstream/testing/fake-upstream.ts";
import { startFakeVllm } from "../vllm/testing/fake-vllm.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const CALLER = "b7ad6b7169203331";
const TIMINGS = { renderMs: 0, queueMs: 30, restoreMs: 0, prefillMs: 20, decodeMs: 10 };

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
}

async function startCollector() {
  const spans: OtlpSpan[] = [];
  const server = createServer((incoming, outgoing) => {
    const parts: Buffer[] = [];
    incoming.on("data", (part: Buffer) => parts.push(part));
    incoming.on("end", () => {
      const body = JSON.parse(Buffer.concat(parts).toString()) as {
        resourceSpans: { scopeSpans: { spans: OtlpSpan[] }[] }[];
      };
      spans.push(...body.resourceSpans.flatMap((each) => each.scopeSpans).flatMap((each) => each.spans));
      outgoing.end("{}");
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  onTestFinished(() => void server.close());
  return { spans, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** `name < parent < …`, up to the caller's own span. */
function pathOf(span: OtlpSpan, all: readonly OtlpSpan[]): string {
  if (span.parentSpanId === CALLER) return `${span.name} < caller`;
  const parent = all.find(({ spanId }) => spanId === span.parentSpanId);
  return parent === undefined ? span.name : `${span.name} < ${pathOf(parent, all)}`;
}

test("one trace leads from the caller through the router to an upstream, and through another node's door to its engine", async () => {
  const collector = await startCollector();
  const tracing = await createTracing({ otlpEndpoint: collector.url });
  const theirs = createScriptedEngine();
  theirs.play(async function* script() {
    yield start;
    yield* textBlock(0, "Hi");
    yield end({ timings: TIMINGS });
  });
  await using door = await openEngineDoor(
    {
      secret: "of-the-nodes",
      tracing,
      find: () => ({ run: (turn, _at, signal) => theirs.run(turn, signal), countTokens: async () => 1 }),
      answers: { list: () => theirs.list() },
    },
    { host: "127.0.0.1", port: 0 },
  );
  const passing = await startFakeUpstream((outgoing) => sendJson(outgoing, 200, MESSAGE));
  onTestFinished(() => passing.close());
  const server = await startWithPools(
    {
      models: { haiku: "lent", sonnet: "passed", opus: "tiny" },
      upstreams: {
        other: { kind: "parley", url: "url" in door.address ? door.address.url : "" },
        passing: { kind: "anthropic", url: passing.url },
      },
      pools: { lent: { targets: [{ upstream: "other" }] }, passed: { targets: [{ upstream: "passing" }] } },
    },
    tracing,
  );
  const ask = async (model: string): Promise<void> => {
    const headers = { traceparent: `00-${TRACE}-${CALLER}-01` };
    const reply = await post(server, "/v1/messages", { ...BODY, model }, { headers });
    expect(await reply.json()).toMatchObject({ type: "message" });
  };
  await ask("claude-haiku-4-5");
  await ask("claude-sonnet-4-5");
  await ask("claude-opus-4-5");
  const exposed = await get(server, "/metrics", {
    key: null,
    headers: { accept: "application/openmetrics-text; version=1.0.0" },
  });
  const shown = (await exposed.text()).split("\n").filter((line) => line.includes(`# {trace_id="${TRACE}"`));
  const told = passing.requests.find(({ path }) => path.startsWith("/v1/messages"))?.headers["traceparent"];
  await server.close();
  await tracing.close();

  const { spans } = collector;
  expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE]));
  const paths = spans.map((span) => pathOf(span, spans));
  const lent = "upstream other < chat claude-haiku-4-5 < caller";
  expect(paths).toEqual(
    expect.arrayContaining([
      `engine door lent < ${lent}`,
      `queue < ${lent}`,
      `prefill < ${lent}`,
      `decode < ${lent}`,
      "upstream passing < chat claude-sonnet-4-5 < caller",
      "engine tiny < chat claude-opus-4-5 < caller",
    ]),
  );
  // The upstream is told of the span that asks it.
  const asks = spans.find(({ name }) => name === "upstream passing");
  expect(told).toBe(`00-${TRACE}-${asks?.spanId}-01`);
  // What the other node's engine did, one after the other.
  const phases = ["queue", "prefill", "decode"].map((name) =>
    spans.find((span) => span.name === name && pathOf(span, spans).endsWith(lent)),
  );
  const ms = (nanos: string | undefined): number => Number(BigInt(nanos ?? 0) / 1_000_000n);
  expect(phases.map((span) => ms(span?.endTimeUnixNano) - ms(span?.startTimeUnixNano))).toEqual([30, 20, 10]);
  expect(phases[1]?.startTimeUnixNano).toBe(phases[0]?.endTimeUnixNano);
  // Figures lead to it, and name the span whose time they are.
  const turn = spans.find(({ name }) => name === "chat claude-sonnet-4-5");
  const figure = shown.find((line) => line.includes('upstream="passing"'));
  expect(figure).toContain(`span_id="${turn?.spanId}"`);
  expect(new Set(shown.map((line) => line.slice(0, line.indexOf("{"))))).toEqual(
    new Set([
      "parley_http_request_duration_seconds_bucket",
      "parley_time_to_first_block_seconds_bucket",
      "parley_turn_phase_seconds_bucket",
      "parley_upstream_first_event_seconds_bucket",
    ]),
  );
});

test("a server that only decodes tokens is told of the span with each decode of a turn", async () => {
  const collector = await startCollector();
  const tracing = await createTracing({ otlpEndpoint: collector.url });
  const box = await startFakeVllm();
  onTestFinished(() => box.close());
  const server = await startWithPools(
    {
      models: { haiku: "far" },
      upstreams: { box: { kind: "vllm", url: box.url } },
      pools: { far: { targets: [{ upstream: "box" }] } },
    },
    tracing,
  );
  const headers = { traceparent: `00-${TRACE}-${CALLER}-01` };
  // Stored up to its breakpoint first: a decode of its own.
  const system = [{ type: "text", text: "Rules. ".repeat(220), cache_control: { type: "ephemeral" } }];
  const reply = await post(server, "/v1/messages", { ...BODY, model: "far", system }, { headers });
  expect(await reply.json()).toMatchObject({ type: "message" });
  await server.close();
  await tracing.close();
  const asks = collector.spans.find(({ name }) => name === "upstream box");
  const decodes = box.requests.filter(({ path, body }) => path === "/v1/completions" && body.includes('"stream":true'));
  expect(decodes.length).toBeGreaterThan(1);
  expect(new Set(decodes.map((decode) => decode.headers["traceparent"]))).toEqual(new Set([`00-${TRACE}-${asks?.spanId}-01`]));
});
