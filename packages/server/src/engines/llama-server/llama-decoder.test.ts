import { afterAll, beforeAll, expect, test } from "vitest";
import { collectDecode } from "../contract/collect-decode.ts";
import type { BackendModel } from "../backend.ts";
import { type FakeUpstream, sendSse, startFakeUpstream } from "../upstream/testing/fake-upstream.ts";
import { createEngineSocket } from "./engine-socket.ts";
import { createLlamaDecoder } from "./llama-decoder.ts";

const MODEL = { contextTokens: 64, endTokens: [2], specialTokens: new Map() } as unknown as BackendModel;
const TIMINGS = { cache_n: 0, prompt_ms: 1, predicted_ms: 1 };
let fake: FakeUpstream;
beforeAll(async () => {
  const end = { content: "", tokens: [], tokens_predicted: 0, stop: true, stop_type: "limit", timings: TIMINGS };
  fake = await startFakeUpstream((outgoing) => sendSse(outgoing, `data: ${JSON.stringify(end)}\n\n`));
});
afterAll(() => fake.close());

test("a llama-server is told of the span that asks it, where turns are traced", async () => {
  const decoder = createLlamaDecoder({
    socket: createEngineSocket({ url: fake.url, apiKey: "key", silenceMs: 5_000 }),
    model: MODEL,
    watchdog: { silenceMs: 1_000, probeMs: 1_000 },
    onStuck() {},
    meaningOf: async (failure) => failure,
  });
  const backend = decoder as unknown as Parameters<typeof collectDecode>[0];
  await collectDecode(backend, { slot: 0, tokens: [1], traceparent: "00-a-b-01" });
  expect(fake.requests.at(-1)?.headers).toMatchObject({ traceparent: "00-a-b-01", authorization: "Bearer key" });
  await collectDecode(backend, { slot: 0, tokens: [1] });
  expect(fake.requests.at(-1)?.headers).not.toHaveProperty("traceparent");
});
